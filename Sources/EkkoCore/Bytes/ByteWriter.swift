/// Appends little-endian fields to a buffer it owns.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8]

  package init(reservingCapacity capacity: Int = 0) {
    self.bytes = []
    self.bytes.reserveCapacity(capacity)
  }

  package var count: Int { self.bytes.count }

  /// Makes room for so many bytes more: for what is large, and known to be.
  package mutating func reserve(_ count: Int) {
    self.bytes.reserveCapacity(self.bytes.count + count)
  }

  package mutating func write(_ value: UInt8) { self.bytes.append(value) }
  package mutating func write(_ value: Bool) { self.bytes.append(value ? 1 : 0) }

  package mutating func write(_ value: UInt16) { self.write(number: value) }
  package mutating func write(_ value: UInt32) { self.write(number: value) }
  package mutating func write(_ value: UInt64) { self.write(number: value) }

  @inline(__always)
  private mutating func write(number: some FixedWidthInteger & UnsignedInteger) {
    unsafe withUnsafeBytes(of: number.littleEndian) { raw in
      unsafe self.bytes.append(contentsOf: raw)
    }
  }

  package mutating func write(_ value: Float) { self.write(value.bitPattern) }
  package mutating func write(_ value: Double) { self.write(value.bitPattern) }
  package mutating func write(_ value: Timestamp) { self.write(value.rawValue) }
  package mutating func write(_ value: IncarnationID) { self.write(value.rawValue) }

  package mutating func write(_ value: ShardID) {
    self.write(value.model.rawValue)
    self.write(value.index)
  }

  package mutating func write(bytes: [UInt8]) { self.bytes.append(contentsOf: bytes) }

  package mutating func write(bytes: ArraySlice<UInt8>) { self.bytes.append(contentsOf: bytes) }

  /// Appends a copy of `bytes`.
  package mutating func write(copying bytes: UnsafeRawBufferPointer) {
    unsafe self.bytes.append(contentsOf: bytes)
  }

  /// Appends `count` bytes that `fill` writes in place, all of them: the one path for bulk rows.
  package mutating func append(count: Int, _ fill: (inout MutableRawSpan) -> Void) {
    self.bytes.append(addingCapacity: count) { output in
      unsafe output.withUnsafeMutableBufferPointer { buffer, initialised in
        // SAFETY: there is room for so many bytes, of which every pattern is a number; `fill` writes them.
        let room = UnsafeMutableRawBufferPointer(buffer.extracting(..<count))
        var span = unsafe MutableRawSpan(_unsafeBytes: room)
        fill(&span)
        initialised += count
      }
    }
  }

  /// A count or length field followed by that many bytes of UTF-8 (at most 65,535).
  package mutating func write(text: String) {
    let utf8 = Array(text.utf8.prefix(Int(UInt16.max)))
    self.write(UInt16(utf8.count))
    self.write(bytes: utf8)
  }

  package mutating func write(_ vector: VersionVector) {
    self.write(UInt16(vector.count))
    for entry in vector.entries {
      self.write(entry.origin)
      self.write(entry.timestamp)
    }
  }

  package mutating func write(_ version: ShardVersion) {
    self.write(version.counter)
    self.write(version.issuer)
  }

  package mutating func write(_ version: ParameterVersion) {
    self.write(version.timestamp)
    self.write(version.origin)
  }

  /// Overwrites four bytes written earlier, for lengths known only at the end.
  package mutating func patch(_ value: UInt32, at offset: Int) {
    precondition(offset >= 0 && offset + 4 <= self.bytes.count, "patch outside the buffer")
    for index in 0..<4 {
      self.bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }
}
