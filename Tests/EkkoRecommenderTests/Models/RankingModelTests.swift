import EkkoCore
import EkkoRecommender
import EkkoStorage
import Foundation
import Testing

/// What every model promises, checked on both.
@Suite struct RankingModelTests {
  private static let layout = ExampleLayout(
    fields: ["a", "b", "c"], numberCount: 2, crosses: [.init(0, 1), .init(1, 2)], itemField: 1)

  private static let models: [any RankingModel] = [
    WideAndDeep(layout: layout, seed: 7), FactorisationMachine(layout: layout, seed: 7),
  ]

  /// Examples whose features repeat within the batch.
  private static func batch(seed: UInt64, count: Int) -> ExampleBatch {
    var generator = SplitMix64(seed: seed)
    var batch = ExampleBatch(layout: Self.layout)
    for _ in 0..<count {
      batch.append(
        ClickExample(
          label: Float(generator.next() % 2),
          features: (0..<3).map { UInt64($0) << 32 + generator.next() % 3 },
          numbers: [Float(generator.nextUnit()), Float(generator.nextUnit())]))
    }
    return batch
  }

  /// Rows with values of a size at which every part of the model matters.
  private static func rows(_ model: any RankingModel, _ plan: BatchPlan) -> [TableRows] {
    var generator = SplitMix64(seed: 99)
    return plan.queries.map { query in
      let length = model.tables.first { $0.name == query.table }?.rowLength ?? 0
      return TableRows(
        table: query.table, rowLength: length,
        values: (0..<(query.keys.count * length)).map { _ in
          Float(generator.nextUnit() * 2 - 1) * 0.7
        },
        found: query.keys.map { _ in true }, created: query.keys.map { _ in 1 })
    }
  }

  /// The summed log-loss of the batch under `rows`, in double precision.
  private static func loss(
    _ model: any RankingModel, _ plan: BatchPlan, _ rows: [TableRows], _ labels: [Float]
  ) throws -> Double {
    try zip(model.probabilities(plan, rows: rows), labels).reduce(0) { sum, pair in
      let (probability, label) = (Double(pair.0), pair.1)
      return sum - (label == 1 ? log(probability) : log(1 - probability))
    }
  }

  @Test(arguments: [0, 1])
  func `gradients are the slopes of the log-loss`(index: Int) throws {
    let model = Self.models[index]
    let batch = Self.batch(seed: 5, count: 6)
    let plan = model.plan(batch)
    let rows = Self.rows(model, plan)

    let step = try model.step(plan, rows: rows, labels: batch.labels)

    for (table, gradients) in step.gradients.enumerated() {
      #expect(gradients.table == rows[table].table && gradients.keys == plan.queries[table].keys)
      for place in gradients.values.indices {
        let width: Float = 1e-2
        var higher = rows
        var lower = rows
        higher[table].values[place] += width
        lower[table].values[place] -= width
        let slope =
          (try Self.loss(model, plan, higher, batch.labels)
            - (try Self.loss(model, plan, lower, batch.labels))) / Double(2 * width)
        let difference = abs(slope - Double(gradients.values[place]))
        #expect(difference < 0.02 * max(1, abs(slope)), "\(gradients.table)[\(place)]: \(slope)")
      }
    }
  }

  @Test(arguments: [0, 1])
  func `keys of a look-up are distinct and belong to the declared tables`(index: Int) throws {
    let model = Self.models[index]
    let plan = model.plan(Self.batch(seed: 1, count: 64))

    #expect(plan.queries.map(\.table) == model.tables.map(\.name))
    for query in plan.queries { #expect(Set(query.keys).count == query.keys.count) }
    #expect(plan.queries[0].keys.count <= 9)
    // Nine plain features, two times nine crosses, one bias.
    #expect(plan.queries[1].keys.count <= 28)
  }

  @Test(arguments: [0, 1])
  func `wide keys are the features, their declared pairs and the bias`(index: Int) {
    let model = Self.models[index]
    var batch = ExampleBatch(layout: Self.layout)
    batch.append(ClickExample(label: 0, features: [5, 6, 7], numbers: [0, 0]))

    let wide = model.plan(batch).queries[1]

    #expect(
      wide.keys == [
        5, 6, 7, FeatureHash.key(ofText: "bias"), FeatureHash.key(crossing: 5, with: 6),
        FeatureHash.key(crossing: 6, with: 7),
      ])
  }

  @Test(arguments: [0, 1])
  func `scoring and training see the same probabilities, whatever shares the batch`(
    index: Int
  ) throws {
    let model = Self.models[index]
    let batch = Self.batch(seed: 2, count: 9)
    let plan = model.plan(batch)
    let parameters = LocalRows(model)

    let together = try model.step(plan, rows: parameters.rows(plan), labels: batch.labels)
    let scored = try model.probabilities(plan, rows: parameters.rows(plan))
    #expect(together.probabilities == scored)
    for example in 0..<batch.count {
      var single = ExampleBatch(layout: Self.layout)
      single.append(batch[example])
      let alone = model.plan(single)
      let probability = try model.probabilities(alone, rows: parameters.rows(alone))[0]
      #expect(abs(probability - scored[example]) < 1e-6)
    }
  }

  /// Every row as its table's initialiser has it.
  private struct LocalRows {
    let tables: [String: TableSchema]

    init(_ model: any RankingModel) {
      self.tables = Dictionary(uniqueKeysWithValues: model.tables.map { ($0.name, $0) })
    }

    func rows(_ plan: BatchPlan) -> [TableRows] {
      plan.queries.map { query in
        let schema = self.tables[query.table] ?? TableSchema(name: "", rowLength: 1)
        var values: [Float] = []
        for key in query.keys {
          var row = [Float](repeating: 0, count: schema.rowLength)
          var span = row.mutableSpan
          schema.fillInitialWeights(&span, key: key)
          values += row
        }
        return TableRows(
          table: query.table, rowLength: schema.rowLength, values: values,
          found: query.keys.map { _ in false }, created: query.keys.map { _ in 0 })
      }
    }
  }

  @Test(arguments: [0, 1])
  func `an empty batch is scored as nothing`(index: Int) throws {
    let model = Self.models[index]
    let plan = model.plan(ExampleBatch(layout: Self.layout))

    let step = try model.step(plan, rows: LocalRows(model).rows(plan), labels: [])

    #expect(step.probabilities.isEmpty)
    #expect(step.gradients.allSatisfy { $0.values.allSatisfy { $0 == 0 } })
  }

  @Test(arguments: [0, 1])
  func `rows of another table or number are refused`(index: Int) throws {
    let model = Self.models[index]
    let batch = Self.batch(seed: 3, count: 4)
    let plan = model.plan(batch)
    let good = Self.rows(model, plan)
    var short = good
    short[1].values.removeLast()
    var renamed = good
    renamed[0].table = "other"

    for bad in [[], Array(good.dropLast()), short, renamed] {
      #expect(throws: ModelError.self) { try model.probabilities(plan, rows: bad) }
      #expect(throws: ModelError.self) { try model.step(plan, rows: bad, labels: batch.labels) }
    }
  }

  @Test func `the tables are valid and the same for every seed but for the seed`() throws {
    for layout in [Self.layout, ClickLogFormat.criteo.layout, RatingFeatures.layout] {
      for kind in RankingModelKind.allCases {
        let left = kind.model(layout: layout, seed: 1).tables
        let right = kind.model(layout: layout, seed: 2).tables
        for (first, second) in zip(left, right) {
          try first.validate()
          var same = second
          same.seed = 1
          #expect(first == same && second.seed == 2)
        }
      }
    }
  }
}
