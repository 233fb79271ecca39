import EkkoCore
import Testing

/// What the writer writes the reader reads; everything else is an error, never a trap.
@Suite struct ByteCodingTests {
  /// One value of each kind that the wire knows.
  private struct Sample: Equatable {
    var byte: UInt8
    var short: UInt16
    var word: UInt32
    var long: UInt64
    var float: UInt32
    var double: UInt64
    var flag: Bool
    var text: String
    var shard: ShardID
    var vector: VersionVector
    var version: ParameterVersion
    var shardVersion: ShardVersion
    var blob: [UInt8]

    init(using generator: inout SplitMix64) {
      self.byte = UInt8(truncatingIfNeeded: generator.next())
      self.short = UInt16(truncatingIfNeeded: generator.next())
      self.word = UInt32(truncatingIfNeeded: generator.next())
      self.long = generator.next()
      // Bit patterns, so that NaNs compare.
      self.float = UInt32(truncatingIfNeeded: generator.next())
      self.double = generator.next()
      self.flag = generator.next() & 1 == 1
      self.text = ["", "C14=1adce6ef", "Grüße, 世界", "\0"][Int(generator.next() % 4)]
      self.shard = ShardID(model: ModelID(rawValue: self.word), index: UInt32(self.short))
      self.vector = VersionVector()
      for _ in 0..<(generator.next() % 5) {
        self.vector.observe(Self.version(using: &generator))
      }
      self.version = Self.version(using: &generator)
      self.shardVersion = ShardVersion(
        counter: generator.next(), issuer: Self.version(using: &generator).origin)
      self.blob = (0..<(generator.next() % 20)).map { UInt8($0) }
    }

    private static func version(using generator: inout SplitMix64) -> ParameterVersion {
      ParameterVersion(
        timestamp: Timestamp(rawValue: generator.next() | 1),
        origin: IncarnationID(rawValue: generator.next() | 1))
    }

    var encoded: [UInt8] {
      var writer = ByteWriter()
      writer.write(self.byte)
      writer.write(self.short)
      writer.write(self.word)
      writer.write(self.long)
      writer.write(Float(bitPattern: self.float))
      writer.write(Double(bitPattern: self.double))
      writer.write(self.flag)
      writer.write(text: self.text)
      writer.write(self.shard)
      writer.write(self.vector)
      writer.write(self.version)
      writer.write(self.shardVersion)
      writer.write(UInt32(self.blob.count))
      writer.write(bytes: self.blob)
      return writer.bytes
    }

    init(decoding bytes: Span<UInt8>) throws(WireError) {
      var reader = ByteReader(bytes)
      self.byte = try reader.readUInt8()
      self.short = try reader.readUInt16()
      self.word = try reader.readUInt32()
      self.long = try reader.readUInt64()
      self.float = try reader.readFloat().bitPattern
      self.double = try reader.readDouble().bitPattern
      self.flag = try reader.readBool()
      self.text = try reader.readText()
      self.shard = try reader.readShardID()
      self.vector = try reader.readVersionVector()
      self.version = try reader.readParameterVersion()
      self.shardVersion = try reader.readShardVersion()
      self.blob = try reader.readArray(reader.readCount(.count, elementByteCount: 1))
      try reader.finish()
    }
  }

  @Test(arguments: UInt64(0)..<32)
  func `every field survives, and every cut is an error`(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let sample = Sample(using: &generator)
    let bytes = sample.encoded

    #expect(try Sample(decoding: bytes.span) == sample)
    for count in 0..<bytes.count {
      #expect(throws: WireError.self) {
        try Sample(decoding: bytes.span.extracting(first: count))
      }
    }
    #expect(throws: WireError.trailingBytes(count: 1)) {
      try Sample(decoding: (bytes + [0]).span)
    }
  }

  @Test(arguments: UInt64(0)..<64)
  func `changed bytes decode to their own encoding or to an error`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let bytes = Sample(using: &generator).encoded
    for _ in 0..<100 {
      var hostile = bytes
      for _ in 0...(generator.next() % 3) {
        hostile[Int(generator.next() % UInt64(hostile.count))] = UInt8(generator.next() & 0xFF)
      }
      // Most changed bytes are refused; those accepted must be in canonical form.
      guard let accepted = try? Sample(decoding: hostile.span) else { continue }
      #expect(accepted.encoded == hostile)
    }
  }

  @Test func `a count is refused before anything of its size exists`() {
    let bytes: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]

    #expect(throws: WireError.truncated(needed: Int(UInt32.max) * 24, available: 3)) {
      var reader = ByteReader(bytes.span)
      _ = try reader.readCount(.keys, elementByteCount: 24)
    }
    #expect(
      throws: WireError.lengthOverLimit(field: .keys, length: Int(UInt32.max), limit: 8)
    ) {
      var reader = ByteReader(bytes.span)
      _ = try reader.readCount(.keys, elementByteCount: 24, limit: 8)
    }
    #expect(throws: WireError.truncated(needed: -1, available: 7)) {
      var reader = ByteReader(bytes.span)
      _ = try reader.readArray(-1)
    }
  }

  @Test func `vectors are accepted in their canonical form only`() {
    func encode(_ entries: [(UInt64, UInt64)]) -> [UInt8] {
      var writer = ByteWriter()
      writer.write(UInt16(entries.count))
      for (origin, time) in entries {
        writer.write(origin)
        writer.write(time)
      }
      return writer.bytes
    }
    for entries in [
      [(2, 1), (1, 1)], [(1, 1), (1, 2)], [(1, 0)], [(0, 1)],
    ] as [[(UInt64, UInt64)]] {
      let bytes = encode(entries)
      #expect(throws: WireError.self) {
        var reader = ByteReader(bytes.span)
        _ = try reader.readVersionVector()
      }
    }
  }

  @Test func `text that is not UTF-8, or is too long, is refused`() {
    #expect(throws: WireError.invalidText(field: .text)) {
      var reader = ByteReader(([2, 0, 0xC0, 0x80] as [UInt8]).span)
      _ = try reader.readText()
    }
    #expect(throws: WireError.lengthOverLimit(field: .text, length: 3, limit: 2)) {
      var reader = ByteReader(([3, 0, 65, 65, 65] as [UInt8]).span)
      _ = try reader.readText(limit: 2)
    }
  }

  @Test func `a field written in place and a patched length`() {
    var writer = ByteWriter()
    writer.write(UInt32(0))
    writer.append(count: 3) { span in
      for index in 0..<3 {
        span.storeBytes(of: UInt8(index + 1), toByteOffset: index, as: UInt8.self)
      }
    }
    writer.patch(3, at: 0)

    #expect(writer.bytes == [3, 0, 0, 0, 1, 2, 3])
  }
}
