private import CEkko

/// The CRC-32C checksum (Castagnoli polynomial) of frames, sections and files: detects accidents,
/// not attackers.
///
/// Uses the processor's instruction where it has one, three lanes at a time, else a table; both give
/// the same value, and any cut of the bytes into pieces does too.
package struct CRC32C: Hashable, Sendable {
  private static let hasInstruction = ekko_crc32c_is_supported() != 0
  private static let table = Self.makeTable()

  private var register: UInt32 = .max

  package init() {}

  /// Goes on from where another computation had come to `checksum`.
  package init(resuming checksum: UInt32) { self.register = ~checksum }

  package static func checksum(of bytes: RawSpan) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(bytes)
    return checksum.finalize()
  }

  package static func checksum(of bytes: Span<UInt8>) -> UInt32 {
    // Bytes have no padding to expose.
    unsafe Self.checksum(of: bytes.bytes)
  }

  package mutating func update(_ bytes: Span<UInt8>) {
    // Bytes have no padding to expose.
    unsafe self.update(bytes.bytes)
  }

  package mutating func update(_ bytes: RawSpan) {
    if Self.hasInstruction {
      self.register = unsafe bytes.withUnsafeBytes { raw in
        // SAFETY: pointer and length come from one span; the instruction's presence was asked.
        unsafe ekko_crc32c_update(self.register, raw.baseAddress, raw.count)
      }
    } else {
      self.updateFromTable(bytes)
    }
  }

  /// The portable path, eight bytes a step; separate so that a test can hold it against the other.
  package mutating func updateFromTable(_ bytes: RawSpan) {
    var register = self.register
    var offset = 0
    let table = Self.table.span
    while offset + 8 <= bytes.byteCount {
      // SAFETY: the load checks its bounds; every bit pattern is an integer. Likewise below.
      let word =
        unsafe UInt64(
          littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        ^ UInt64(register)
      register = 0
      for lane in 0..<8 {
        register ^= table[(7 - lane) * 256 + Int((word >> UInt64(8 * lane)) & 0xFF)]
      }
      offset += 8
    }
    while offset < bytes.byteCount {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      register = table[Int((register ^ UInt32(byte)) & 0xFF)] ^ (register >> 8)
      offset += 1
    }
    self.register = register
  }

  /// The checksum of everything fed so far; more may follow.
  package func finalize() -> UInt32 { ~self.register }

  /// Eight tables of 256: entry (k, b) is the effect of byte b followed by k zero bytes.
  private static func makeTable() -> [UInt32] {
    var table = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
      table[byte] = value
    }
    for index in 256..<table.count {
      let previous = table[index - 256]
      table[index] = table[Int(previous & 0xFF)] ^ (previous >> 8)
    }
    return table
  }
}
