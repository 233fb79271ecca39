import EkkoCore
import EkkoStorage
import Testing

/// Schemas as bytes: round trips, and bytes that nobody honest has written.
@Suite struct TableSchemaCodingTests {
  static let schemas: [TableSchema] = [
    TableSchemaTests.embedding,
    TableSchema(name: "catalogue", valueType: .bytes, rowLength: 65_536),
    TableSchema(
      name: "wide", rowLength: 1, optimiser: .ftrl(alpha: 0.1, beta: 2, l1: 3, l2: 4),
      initialiser: .constant(-0.5)),
    TableSchema(
      name: "dense", valueType: .bfloat16, rowLength: 3,
      optimiser: .adam(learningRate: 1, beta1: 0.1, beta2: 0.2, epsilon: 0.3),
      initialiser: .normal(mean: 1, standardDeviation: 2), servingForm: .narrow(.int8)),
    TableSchema(
      name: "s", valueType: .float16, rowLength: 3, optimiser: .sgd(learningRate: 0.25),
      timeToLiveSeconds: .max, seed: .max, revision: .max),
    TableSchema(
      name: "r", valueType: .int8, rowLength: 3,
      optimiser: .rowWiseAdagrad(learningRate: 1, initialAccumulator: 2, epsilon: 0.5)),
  ]

  private static func encode(_ schema: TableSchema) -> [UInt8] {
    var writer = ByteWriter()
    schema.encode(into: &writer)
    return writer.bytes
  }

  private static func decode(_ bytes: [UInt8]) throws(WireError) -> TableSchema {
    var reader = ByteReader(bytes.span)
    let schema = try TableSchema(decoding: &reader)
    try reader.finish()
    return schema
  }

  @Test(arguments: schemas) func `a schema survives its bytes`(schema: TableSchema) throws {
    let bytes = Self.encode(schema)

    #expect(try Self.decode(bytes) == schema)
  }

  @Test func `the encoding is fixed`() {
    let schema = TableSchema(
      name: "w", rowLength: 258, optimiser: .sgd(learningRate: 1), timeToLiveSeconds: 5,
      seed: 6, revision: 7)

    let bytes = Self.encode(schema)

    #expect(
      bytes == [
        1, 1, 0, 0x77, 1, 2, 1, 0, 0, 1, 0, 0, 0x80, 0x3F, 0, 5, 0, 0, 0, 0, 0,
        6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0,
      ])
  }

  @Test(arguments: schemas) func `every truncation is an error`(schema: TableSchema) {
    let bytes = Self.encode(schema)

    for count in 0..<bytes.count {
      #expect(throws: WireError.self) { try Self.decode(Array(bytes.prefix(count))) }
    }
  }

  @Test(arguments: schemas, UInt64(0)..<8)
  func `changed bytes give an error or a valid schema`(schema: TableSchema, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let bytes = Self.encode(schema)

    for _ in 0..<500 {
      var changed = bytes
      for _ in 0...Int(generator.next() % 3) {
        let place = Int(generator.next() % UInt64(bytes.count))
        changed[place] = UInt8(truncatingIfNeeded: generator.next())
      }
      guard let decoded = try? Self.decode(changed) else { continue }
      #expect(throws: Never.self) { try decoded.validate() }
      #expect(Self.encode(decoded) == changed)
    }
  }

  @Test func `unknown numbers are named in the error`() {
    let plain = Self.encode(TableSchema(name: "w", rowLength: 1))
    // Offsets: version 0, name 1…3, value type 4, length 5…8, optimiser 9, initialiser 10,
    // time-to-live 11…14, admission 15, serving form 16.
    let cases: [(Int, WireError)] = [
      (0, .unsupportedVersion(0xEE)), (4, .invalidValue(field: .valueType, value: 0xEE)),
      (9, .invalidValue(field: .optimiser, value: 0xEE)),
      (10, .invalidValue(field: .initialiser, value: 0xEE)),
      (15, .invalidValue(field: .admission, value: 0xEE)),
      (16, .invalidValue(field: .form, value: 0xEE)),
    ]
    for (offset, error) in cases {
      var bytes = plain
      bytes[offset] = 0xEE

      #expect(throws: error) { try Self.decode(bytes) }
    }
  }

  @Test func `bytes that validation refuses are refused by the decoder`() {
    for (schema, _) in TableSchemaTests.refusals where (0...Int(UInt32.max)) ~= schema.rowLength {
      #expect(throws: WireError.self) { try Self.decode(Self.encode(schema)) }
    }
  }
}
