/// Reads little-endian fields from bytes that came from outside. Every length is checked before it
/// is used; no method traps on any input.
package struct ByteReader: ~Escapable {
  private let bytes: RawSpan
  package private(set) var offset = 0

  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan) { self.bytes = bytes }

  @_lifetime(copy bytes)
  package init(_ bytes: Span<UInt8>) { unsafe self.bytes = bytes.bytes }

  package var remaining: Int { self.bytes.byteCount - self.offset }

  private mutating func take(_ count: Int) throws(WireError) -> Int {
    guard count >= 0, count <= self.remaining else {
      throw .truncated(needed: count, available: self.remaining)
    }
    defer { self.offset += count }
    return self.offset
  }

  package mutating func readUInt8() throws(WireError) -> UInt8 {
    let place = try self.take(1)
    return unsafe self.bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
  }

  package mutating func readUInt16() throws(WireError) -> UInt16 {
    let place = try self.take(2)
    // SAFETY: `take` has checked that the whole field lies inside `bytes`; likewise below.
    return unsafe UInt16(
      littleEndian: self.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt16.self))
  }

  package mutating func readUInt32() throws(WireError) -> UInt32 {
    let place = try self.take(4)
    return unsafe UInt32(
      littleEndian: self.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt32.self))
  }

  package mutating func readUInt64() throws(WireError) -> UInt64 {
    let place = try self.take(8)
    return unsafe UInt64(
      littleEndian: self.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
  }

  package mutating func readFloat() throws(WireError) -> Float {
    Float(bitPattern: try self.readUInt32())
  }

  package mutating func readDouble() throws(WireError) -> Double {
    Double(bitPattern: try self.readUInt64())
  }

  package mutating func readBool() throws(WireError) -> Bool {
    let raw = try self.readUInt8()
    guard raw <= 1 else { throw .invalidValue(field: .boolean, value: UInt64(raw)) }
    return raw == 1
  }

  /// The next `count` bytes in place.
  @_lifetime(copy self)
  package mutating func readBytes(_ count: Int) throws(WireError) -> RawSpan {
    let place = try self.take(count)
    return self.bytes.extracting(place..<(place + count))
  }

  /// The next `count` bytes, copied.
  package mutating func readArray(_ count: Int) throws(WireError) -> [UInt8] {
    let span = try self.readBytes(count)
    return unsafe span.withUnsafeBytes { unsafe Array($0) }
  }

  /// A count of elements of at least `elementByteCount` bytes each, refused if they cannot all be
  /// present: nothing is allocated on the word of a length field.
  package mutating func readCount(
    _ field: WireError.StaticField, elementByteCount: Int, limit: Int = .max
  ) throws(WireError) -> Int {
    let count = Int(try self.readUInt32())
    guard count <= limit else { throw .lengthOverLimit(field: field, length: count, limit: limit) }
    let needed = count.multipliedReportingOverflow(by: elementByteCount)
    guard !needed.overflow, needed.partialValue <= self.remaining else {
      throw .truncated(needed: needed.partialValue, available: self.remaining)
    }
    return count
  }

  package mutating func readText(limit: Int = 1024) throws(WireError) -> String {
    let count = Int(try self.readUInt16())
    guard count <= limit else { throw .lengthOverLimit(field: .text, length: count, limit: limit) }
    let bytes = try self.readArray(count)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .invalidText(field: .text)
    }
    return text
  }

  package mutating func readTimestamp() throws(WireError) -> Timestamp {
    Timestamp(rawValue: try self.readUInt64())
  }

  package mutating func readIncarnation() throws(WireError) -> IncarnationID {
    let raw = try self.readUInt64()
    guard raw != 0 else { throw .invalidValue(field: .incarnation, value: raw) }
    return IncarnationID(rawValue: raw)
  }

  package mutating func readShardID() throws(WireError) -> ShardID {
    let model = try self.readUInt32()
    return ShardID(model: ModelID(rawValue: model), index: try self.readUInt32())
  }

  /// Ascending, none zero, and not too many: only the canonical form is accepted.
  package mutating func readVersionVector() throws(WireError) -> VersionVector {
    let (count, limit) = (Int(try self.readUInt16()), VersionVector.entryLimit)
    guard count <= limit else {
      throw .lengthOverLimit(field: .knowledge, length: count, limit: limit)
    }
    var vector = VersionVector()
    var previous: IncarnationID?
    for _ in 0..<count {
      let origin = try self.readIncarnation()
      let timestamp = try self.readTimestamp()
      guard timestamp > .zero, previous.map({ $0 < origin }) ?? true else {
        throw .invalidValue(field: .knowledge, value: origin.rawValue)
      }
      vector.observe(ParameterVersion(timestamp: timestamp, origin: origin))
      previous = origin
    }
    return vector
  }

  package mutating func readShardVersion() throws(WireError) -> ShardVersion {
    let counter = try self.readUInt64()
    return ShardVersion(counter: counter, issuer: try self.readIncarnation())
  }

  package mutating func readParameterVersion() throws(WireError) -> ParameterVersion {
    let timestamp = try self.readTimestamp()
    return ParameterVersion(timestamp: timestamp, origin: try self.readIncarnation())
  }

  /// Asserts that a message has been read to its last byte.
  package func finish() throws(WireError) {
    guard self.remaining == 0 else { throw .trailingBytes(count: self.remaining) }
  }
}
