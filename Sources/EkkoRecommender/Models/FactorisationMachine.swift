package import EkkoStorage

/// A factorisation machine of second order (Rendle 2010) beside the linear part.
///
/// The logit is a weight per feature and cross feature, a bias, and the inner products of the
/// vectors of all pairs of fields, summed in linear time as ½ Σ((Σv)² − Σv²). It has no dense
/// layers, so every update is sparse. Hyper-parameters are the same for every source.
package struct FactorisationMachine: RankingModel {
  private static let dimension = 8

  package let layout: ExampleLayout
  package let tables: [TableSchema]
  private let wide: WidePart
  private let embedding: EmbeddingPart

  package init(layout: ExampleLayout, seed: UInt64) {
    self.layout = layout
    self.wide = WidePart(layout: layout)
    let embedding = EmbeddingPart(fieldCount: layout.fieldCount, dimension: Self.dimension)
    self.embedding = embedding
    self.tables = [
      embedding.table(
        optimiser: .rowWiseAdagrad(learningRate: 0.007, initialAccumulator: 0.01),
        initialiser: .uniform(low: -0.01, high: 0.01), seed: seed),
      WidePart.table(seed: seed),
    ]
  }

  package func plan(_ batch: ExampleBatch) -> BatchPlan {
    precondition(batch.fieldCount == self.layout.fieldCount, "a batch of another layout")
    let fields = self.embedding.lookup(batch)
    return BatchPlan(
      exampleCount: batch.count, numbers: [],
      lookups: [fields, self.wide.lookup(batch, fields: fields)])
  }

  package func probabilities(
    _ plan: BatchPlan, rows: [TableRows]
  ) throws(ModelError) -> [Float] {
    try plan.check(rows)
    return Sigmoid.probabilities(ofLogits: self.forward(plan, rows: rows).logits)
  }

  package func step(
    _ plan: BatchPlan, rows: [TableRows], labels: [Float]
  ) throws(ModelError) -> ModelStep {
    try plan.check(rows)
    precondition(labels.count == plan.exampleCount, "one label per example")
    let (logits, vectors, sums) = self.forward(plan, rows: rows)
    let probabilities = Sigmoid.probabilities(ofLogits: logits)
    let errors = Sigmoid.logitGradients(probabilities: probabilities, labels: labels)
    // The derivative by one vector is the sum of the others.
    var gradients = vectors
    for example in 0..<plan.exampleCount {
      for column in 0..<vectors.columnCount {
        let others = sums[example, column % Self.dimension] - vectors[example, column]
        gradients[example, column] = errors[example] * others
      }
    }
    return ModelStep(
      probabilities: probabilities,
      gradients: [
        self.embedding.scatter(gradients, scale: 1, lookup: plan.lookups[0]),
        WidePart.gradients(plan.lookups[1], logitGradients: errors),
      ])
  }

  private func forward(
    _ plan: BatchPlan, rows: [TableRows]
  ) -> (logits: [Float], vectors: Matrix, sums: Matrix) {
    var vectors = Matrix(
      rowCount: plan.exampleCount, columnCount: self.layout.fieldCount * Self.dimension)
    self.embedding.gather(plan.lookups[0], rows: rows[0], scale: 1, into: &vectors)
    var sums = Matrix(rowCount: plan.exampleCount, columnCount: Self.dimension)
    var logits = WidePart.logits(
      plan.lookups[1], rows: rows[1], exampleCount: plan.exampleCount)
    for example in 0..<plan.exampleCount {
      var squares: Float = 0
      for column in 0..<vectors.columnCount {
        let value = vectors[example, column]
        sums[example, column % Self.dimension] += value
        squares += value * value
      }
      var interactions = -squares
      for column in 0..<Self.dimension {
        interactions += sums[example, column] * sums[example, column]
      }
      logits[example] += interactions / 2
    }
    return (logits, vectors, sums)
  }
}
