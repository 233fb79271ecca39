package import EkkoStorage

/// Wide & Deep (Cheng et al. 2016; the model of Ekko §6.1), all of its parameters in the store.
///
/// Wide: a weight per feature and cross feature. Deep: the embeddings of all fields and the dense
/// inputs, side by side, through two hidden layers of rectifiers. The click probability is the
/// logistic function of the sum of both. The dense layers are rows of table `dense`: key = block
/// number, fixed order, the last block padded with zeros that are never read (DESIGN §4).
///
/// The hyper-parameters are the same for every source, size and seed; a seed changes only the
/// initial values.
package struct WideAndDeep: RankingModel {
  package static let denseTableName = "dense"
  package static let denseBlockLength = 512
  private static let embeddingDimension = 8
  /// Embeddings start small and are enlarged on their way in, so that the layers see them early.
  private static let embeddingScale: Float = 3

  package let layout: ExampleLayout
  package let tables: [TableSchema]
  private let wide: WidePart
  private let embedding: EmbeddingPart
  private let network: DenseNetwork
  /// The rows of the dense layers: keys 0 ..< blockCount.
  package let blockCount: Int

  package init(layout: ExampleLayout, seed: UInt64) {
    self.layout = layout
    self.wide = WidePart(layout: layout)
    let embedding = EmbeddingPart(
      fieldCount: layout.fieldCount, dimension: Self.embeddingDimension)
    self.embedding = embedding
    self.network = DenseNetwork(
      inputCount: layout.fieldCount * Self.embeddingDimension + layout.numberCount,
      hiddenCount1: 32, hiddenCount2: 16)
    self.blockCount =
      (self.network.parameterCount + Self.denseBlockLength - 1) / Self.denseBlockLength
    self.tables = [
      embedding.table(
        optimiser: .rowWiseAdagrad(learningRate: 0.02, initialAccumulator: 0.001),
        initialiser: .uniform(low: -0.01, high: 0.01), seed: seed),
      WidePart.table(seed: seed),
      TableSchema(
        name: Self.denseTableName, rowLength: Self.denseBlockLength,
        optimiser: .adagrad(learningRate: 0.1, initialAccumulator: 0.001),
        initialiser: .uniform(low: -1, high: 1), seed: seed),
    ]
  }

  package func plan(_ batch: ExampleBatch) -> BatchPlan {
    precondition(
      batch.fieldCount == self.layout.fieldCount && batch.numberCount == self.layout.numberCount,
      "a batch of another layout")
    let fields = self.embedding.lookup(batch)
    let dense = BatchPlan.Lookup(
      table: Self.denseTableName, rowLength: Self.denseBlockLength,
      keys: (0..<self.blockCount).map(UInt64.init), places: [], featureCount: 0)
    return BatchPlan(
      exampleCount: batch.count, numbers: batch.numbers,
      lookups: [fields, self.wide.lookup(batch, fields: fields), dense])
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
    let (logits, activations) = self.forward(plan, rows: rows)
    let probabilities = Sigmoid.probabilities(ofLogits: logits)
    let errors = Sigmoid.logitGradients(probabilities: probabilities, labels: labels)
    let (parameters, inputs) = self.network.backward(activations, logitGradients: errors)
    let padding = self.blockCount * Self.denseBlockLength - parameters.count
    return ModelStep(
      probabilities: probabilities,
      gradients: [
        self.embedding.scatter(inputs, scale: Self.embeddingScale, lookup: plan.lookups[0]),
        WidePart.gradients(plan.lookups[1], logitGradients: errors),
        TableGradients(
          table: Self.denseTableName, keys: plan.lookups[2].keys,
          values: parameters + repeatElement(0, count: padding)),
      ])
  }

  private func forward(
    _ plan: BatchPlan, rows: [TableRows]
  ) -> (logits: [Float], activations: DenseNetwork.Activations) {
    var inputs = Matrix(rowCount: plan.exampleCount, columnCount: self.network.inputCount)
    self.embedding.gather(
      plan.lookups[0], rows: rows[0], scale: Self.embeddingScale, into: &inputs)
    self.copyNumbers(of: plan, into: &inputs)
    let activations = self.network.forward(inputs, parameters: rows[2].values[...])
    var logits = WidePart.logits(
      plan.lookups[1], rows: rows[1], exampleCount: plan.exampleCount)
    for example in logits.indices { logits[example] += activations.logits[example] }
    return (logits, activations)
  }

  /// The dense inputs stand behind the embeddings.
  private func copyNumbers(of plan: BatchPlan, into inputs: inout Matrix) {
    let count = self.layout.numberCount
    let first = inputs.columnCount - count
    for example in 0..<plan.exampleCount {
      for number in 0..<count {
        inputs[example, first + number] = plan.numbers[example * count + number]
      }
    }
  }
}
