internal import EkkoCore

extension RowsItem {
  /// The key of one row; `bytes` is the buffer the item was decoded from.
  package func key(_ entry: Int, in bytes: Span<UInt8>) -> UInt64 {
    precondition(entry >= 0 && entry < self.count, "row \(entry) of \(self.count)")
    return RowColumns(of: self, in: bytes).key(entry)
  }
}

/// The fixed columns of a rows item, read in place. The item's decoder has checked their places.
struct RowColumns: ~Escapable {
  private let bytes: RawSpan
  private let keys: Int
  private let timestamps: Int
  private let origins: Int

  @_lifetime(copy bytes)
  init(of rows: RowsItem, in bytes: Span<UInt8>) {
    unsafe self.bytes = bytes.bytes
    self.keys = rows.keysOffset
    self.timestamps = rows.timestampsOffset
    self.origins = rows.originIndicesOffset
  }

  @inline(__always)
  func key(_ entry: Int) -> UInt64 {
    // The loads check their bounds; every bit pattern is an integer.
    unsafe UInt64(
      littleEndian: self.bytes.unsafeLoadUnaligned(
        fromByteOffset: self.keys + entry * 8, as: UInt64.self))
  }

  @inline(__always)
  func timestamp(_ entry: Int) -> Timestamp {
    unsafe Timestamp(
      rawValue: UInt64(
        littleEndian: self.bytes.unsafeLoadUnaligned(
          fromByteOffset: self.timestamps + entry * 8, as: UInt64.self)))
  }

  @inline(__always)
  func origin(_ entry: Int) -> (index: Int, isTombstone: Bool) {
    let raw = unsafe UInt16(
      littleEndian: self.bytes.unsafeLoadUnaligned(
        fromByteOffset: self.origins + entry * 2, as: UInt16.self))
    return (Int(raw & ~RowsItem.tombstoneBit), raw & RowsItem.tombstoneBit != 0)
  }
}
