import EkkoCore
import EkkoStorage
import Testing

/// Which tables can exist, and into what they may change.
@Suite struct TableSchemaTests {
  static let embedding = TableSchema(
    name: "embedding", rowLength: 16, optimiser: .adagrad(learningRate: 0.05),
    initialiser: .uniform(low: -0.1, high: 0.1), timeToLiveSeconds: 3600,
    admission: .probability(0.5), servingForm: .narrow(.int8), seed: 7, revision: 3)

  private static func changing(_ change: (inout TableSchema) -> Void) -> TableSchema {
    var schema = Self.embedding
    change(&schema)
    return schema
  }

  @Test func `every sensible combination is valid`() throws {
    for valueType in ValueType.allCases {
      for length in [1, 65_536] {
        let schema = TableSchema(name: "A-z_0.9", valueType: valueType, rowLength: length)
        try schema.validate()
      }
    }
    try Self.embedding.validate()
  }

  static let refusals: [(TableSchema, SchemaError)] = [
    (changing { $0.name = "" }, .nameLength(byteCount: 0)),
    (changing { $0.name = String(repeating: "x", count: 65) }, .nameLength(byteCount: 65)),
    (changing { $0.name = "a/b" }, .nameCharacter(name: "a/b")),
    (changing { $0.name = "größe" }, .nameCharacter(name: "größe")),
    (changing { $0.rowLength = 0 }, .rowLength(0)),
    (changing { $0.rowLength = 65_537 }, .rowLength(65_537)),
    (changing { $0.valueType = .bytes }, .bytesCannotTrain),
    (
      TableSchema(name: "b", valueType: .bytes, rowLength: 1, initialiser: .constant(1)),
      .bytesCannotBeInitialised
    ),
    (
      TableSchema(name: "b", valueType: .bytes, rowLength: 1, servingForm: .narrow(.int8)),
      .bytesCannotBeNarrowed
    ),
    (
      changing { $0.servingForm = .narrow(.float32) },
      .notNarrower(served: .float32, trained: .float32)
    ),
    (
      changing { $0.servingForm = .narrow(.bytes) },
      .notNarrower(served: .bytes, trained: .float32)
    ),
    (
      changing {
        $0.valueType = .float16
        $0.servingForm = .narrow(.bfloat16)
      },
      .notNarrower(served: .bfloat16, trained: .float16)
    ),
    (
      changing { $0.optimiser = .sgd(learningRate: 0) },
      .hyperParameter(name: "learning rate", value: 0, low: 1e-12, high: 1e6)
    ),
    (
      changing { $0.optimiser = .sgd(learningRate: .infinity) },
      .hyperParameter(name: "learning rate", value: .infinity, low: 1e-12, high: 1e6)
    ),
    (
      changing { $0.optimiser = .rowWiseAdagrad(learningRate: 1, epsilon: 0) },
      .hyperParameter(name: "epsilon", value: 0, low: 1e-20, high: 1)
    ),
    (
      changing { $0.optimiser = .adam(beta2: 1) },
      .hyperParameter(name: "beta2", value: 1, low: 0, high: 0.999_999_9)
    ),
    (
      changing { $0.optimiser = .ftrl(l1: -1) },
      .hyperParameter(name: "l1", value: -1, low: 0, high: 1e12)
    ),
    (changing { $0.initialiser = .constant(.infinity) }, .initialiserNotFinite),
    (
      changing {
        $0.initialiser = .uniform(low: -.greatestFiniteMagnitude, high: .greatestFiniteMagnitude)
      },
      .initialiserNotFinite
    ),
    (changing { $0.initialiser = .uniform(low: 1, high: 0) }, .initialiserRange(low: 1, high: 0)),
    (changing { $0.initialiser = .normal(standardDeviation: -1) }, .standardDeviation(-1)),
    (
      changing { $0.initialiser = .normal(mean: .nan, standardDeviation: 1) }, .initialiserNotFinite
    ),
    (changing { $0.admission = .probability(0) }, .admissionProbability(0)),
    (changing { $0.admission = .probability(1.5) }, .admissionProbability(1.5)),
  ]

  @Test(arguments: refusals)
  func `an impossible table is refused with its reason`(schema: TableSchema, reason: SchemaError) {
    #expect(throws: reason) { try schema.validate() }

    #expect(!reason.description.isEmpty)
    #expect(!reason.description.contains("\n"))
  }

  @Test func `NaN hyper-parameters are refused`() {
    for optimiser in [
      Optimiser.sgd(learningRate: .nan), .adagrad(learningRate: 1, initialAccumulator: .nan),
      .adam(epsilon: .nan), .ftrl(beta: .nan),
    ] {
      #expect(throws: SchemaError.self) {
        try Self.changing { $0.optimiser = optimiser }.validate()
      }
    }
  }

  static let changes: [(TableSchema, Bool)] = [
    (changing { _ in }, true),
    (changing { $0.timeToLiveSeconds = 3599 }, true),
    (changing { $0.timeToLiveSeconds = 3601 }, false),
    (changing { $0.timeToLiveSeconds = 0 }, false),
    (changing { $0.revision = 4 }, true),
    (
      changing {
        $0.optimiser = .adagrad(learningRate: 1, initialAccumulator: 2, epsilon: 0.5)
      }, true
    ),
    (changing { $0.optimiser = .rowWiseAdagrad(learningRate: 0.05) }, false),
    (changing { $0.optimiser = .none }, false),
    (changing { $0.name = "other" }, false),
    (changing { $0.valueType = .float16 }, false),
    (changing { $0.rowLength = 17 }, false),
    (changing { $0.initialiser = .zeros }, false),
    (changing { $0.admission = .always }, false),
    (changing { $0.servingForm = .weights }, false),
    (changing { $0.seed = 8 }, false),
  ]

  @Test(arguments: changes)
  func `only hyper-parameters may change, and the time-to-live become shorter`(
    other: TableSchema, isAllowed: Bool
  ) {
    #expect(Self.embedding.canBecome(other) == isAllowed)
  }

  @Test func `rows that lived for ever may come to expire`() {
    let forEver = Self.changing { $0.timeToLiveSeconds = 0 }
    #expect(forEver.canBecome(Self.embedding))
    #expect(forEver.canBecome(forEver))
  }
}
