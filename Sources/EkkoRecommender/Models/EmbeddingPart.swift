internal import EkkoStorage

/// The embeddings of a model: one short vector per feature, concatenated field by field.
struct EmbeddingPart: Sendable {
  static let tableName = "embedding"

  let fieldCount: Int
  let dimension: Int

  func table(optimiser: Optimiser, initialiser: Initialiser, seed: UInt64) -> TableSchema {
    TableSchema(
      name: Self.tableName, rowLength: self.dimension, optimiser: optimiser,
      initialiser: initialiser, seed: seed)
  }

  func lookup(_ batch: ExampleBatch) -> BatchPlan.Lookup {
    var index = KeyIndex(capacity: batch.features.count)
    let places = batch.features.map { index.place(of: $0) }
    return BatchPlan.Lookup(
      table: Self.tableName, rowLength: self.dimension, keys: index.keys, places: places,
      featureCount: self.fieldCount)
  }

  /// Writes each example's vectors, times `scale`, side by side into the first columns of `inputs`.
  func gather(
    _ lookup: BatchPlan.Lookup, rows: TableRows, scale: Float, into inputs: inout Matrix
  ) {
    let dimension = self.dimension
    for example in 0..<inputs.rowCount {
      var target = example * inputs.columnCount
      let start = example * self.fieldCount
      for feature in start..<(start + self.fieldCount) {
        let source = Int(lookup.places[feature]) * dimension
        for element in 0..<dimension {
          inputs.values[target + element] = rows.values[source + element] * scale
        }
        target += dimension
      }
    }
  }

  /// The reverse of `gather`: sums the gradients of the first columns per distinct row.
  func scatter(
    _ gradients: Matrix, scale: Float, lookup: BatchPlan.Lookup
  ) -> TableGradients {
    let dimension = self.dimension
    var sums = [Float](repeating: 0, count: lookup.keys.count * dimension)
    for example in 0..<gradients.rowCount {
      var source = example * gradients.columnCount
      let start = example * self.fieldCount
      for feature in start..<(start + self.fieldCount) {
        let target = Int(lookup.places[feature]) * dimension
        for element in 0..<dimension {
          sums[target + element] += gradients.values[source + element] * scale
        }
        source += dimension
      }
    }
    return TableGradients(table: lookup.table, keys: lookup.keys, values: sums)
  }
}
