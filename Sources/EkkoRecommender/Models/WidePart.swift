internal import EkkoStorage

/// The linear part of a model: one weight per feature and per cross feature, and a bias.
///
/// Its table has rows of one weight, trained by FTRL-proximal, whose steps shrink per weight with
/// what that weight has seen: right for features of which half appear once.
struct WidePart: Sendable {
  static let tableName = "wide"
  static let biasKey = FeatureHash.key(ofText: "bias")

  static func table(seed: UInt64) -> TableSchema {
    TableSchema(
      name: Self.tableName, rowLength: 1, optimiser: .ftrl(alpha: 0.04, beta: 0.3),
      initialiser: .zeros, seed: seed)
  }

  let fieldCount: Int
  let crosses: [ExampleLayout.Cross]

  init(layout: ExampleLayout) {
    self.fieldCount = layout.fieldCount
    self.crosses = layout.crosses
  }

  /// The look-up of all wide features: first those of `fields`, then crosses, last the bias.
  ///
  /// - Parameter fields: the look-up of the plain features, whose keys are the same here.
  func lookup(_ batch: ExampleBatch, fields: BatchPlan.Lookup) -> BatchPlan.Lookup {
    let crossCount = self.crosses.count
    var index = KeyIndex(capacity: batch.count * crossCount + 1)
    let base = Int32(fields.keys.count)
    var places: [Int32] = []
    let featureCount = self.fieldCount + crossCount + 1
    places.reserveCapacity(batch.count * featureCount)
    let bias = base + index.place(of: Self.biasKey)
    for example in 0..<batch.count {
      let start = example * self.fieldCount
      for field in start..<(start + self.fieldCount) { places.append(fields.places[field]) }
      for cross in self.crosses {
        let key = FeatureHash.key(
          crossing: batch.features[start + cross.first],
          with: batch.features[start + cross.second])
        places.append(base + index.place(of: key))
      }
      places.append(bias)
    }
    return BatchPlan.Lookup(
      table: Self.tableName, rowLength: 1, keys: fields.keys + index.keys, places: places,
      featureCount: featureCount)
  }

  /// The sum of the weights of each example's features.
  static func logits(_ lookup: BatchPlan.Lookup, rows: TableRows, exampleCount: Int) -> [Float] {
    var logits = [Float](repeating: 0, count: exampleCount)
    for example in 0..<exampleCount {
      let start = example * lookup.featureCount
      var sum: Float = 0
      for feature in start..<(start + lookup.featureCount) {
        sum += rows.values[Int(lookup.places[feature])]
      }
      logits[example] = sum
    }
    return logits
  }

  static func gradients(_ lookup: BatchPlan.Lookup, logitGradients: [Float]) -> TableGradients {
    var sums = [Float](repeating: 0, count: lookup.keys.count)
    for (example, gradient) in logitGradients.enumerated() {
      let start = example * lookup.featureCount
      for feature in start..<(start + lookup.featureCount) {
        sums[Int(lookup.places[feature])] += gradient
      }
    }
    return TableGradients(table: lookup.table, keys: lookup.keys, values: sums)
  }
}
