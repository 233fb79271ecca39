/// Trains a model on mini-batches: reads the rows a batch needs, computes, pushes the gradients.
///
/// A value driven by its owner, one batch after the other; it waits for reads and for the
/// primaries' acknowledgements, never for synchronisation (Ekko §3.1). `compute` and `push` are
/// two calls so that a measurement may do something between the score and the update.
package struct Trainer: Sendable {
  package let model: any RankingModel
  private let parameters: any ParameterAccess

  /// Rows whose gradients were pushed.
  package private(set) var rowsTrained = 0
  /// Row updates pushed: distinct keys over all batches and tables.
  package private(set) var updates = 0

  package init(model: any RankingModel, parameters: any ParameterAccess) {
    self.model = model
    self.parameters = parameters
  }

  /// Scores `batch` with the parameters as they are now, and its gradients.
  package func compute(_ batch: ExampleBatch) async throws -> ModelStep {
    let plan = self.model.plan(batch)
    let rows = try await self.parameters.get(plan.queries)
    return try self.model.step(plan, rows: rows, labels: batch.labels)
  }

  /// Pushes what `compute` returned for a batch.
  package mutating func push(_ step: ModelStep) async throws {
    try await self.parameters.push(step.gradients)
    self.rowsTrained += step.probabilities.count
    for gradients in step.gradients { self.updates += gradients.keys.count }
  }

  /// Scores `batch`, then trains on it; returns the scores from before.
  package mutating func train(_ batch: ExampleBatch) async throws -> [Float] {
    let step = try await self.compute(batch)
    try await self.push(step)
    return step.probabilities
  }
}
