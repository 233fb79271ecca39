package import EkkoStorage

/// A model that estimates the probability of a click: pure computation over rows of the store.
///
/// All parameters live in the store (Ekko §3.1): a model says which tables it has, which rows a
/// batch needs, what the probabilities are and what the gradients. It holds no parameters and
/// performs no I/O.
package protocol RankingModel: Sendable {
  var layout: ExampleLayout { get }

  /// The model's tables, with optimisers, initialisers and hyper-parameters.
  var tables: [TableSchema] { get }

  /// Which rows `batch` needs.
  func plan(_ batch: ExampleBatch) -> BatchPlan

  /// One probability per example.
  func probabilities(_ plan: BatchPlan, rows: [TableRows]) throws(ModelError) -> [Float]

  /// Probabilities and the gradients of the summed log-loss, per distinct row; rows used several
  /// times have their gradients summed.
  func step(
    _ plan: BatchPlan, rows: [TableRows], labels: [Float]
  ) throws(ModelError) -> ModelStep
}

/// What one mini-batch computed: scores from before the update, and the update.
package struct ModelStep: Hashable, Sendable {
  package let probabilities: [Float]
  package let gradients: [TableGradients]

  package init(probabilities: [Float], gradients: [TableGradients]) {
    self.probabilities = probabilities
    self.gradients = gradients
  }
}
