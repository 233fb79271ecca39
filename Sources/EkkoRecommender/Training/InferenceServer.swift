package import EkkoCore

/// Scores requests from the local replica (Ekko §3.1, the inference server).
///
/// Requests that arrive within one turn, or while a batch is computed, are answered together: one
/// read of the replica and one pass through the model. It never waits for synchronisation: what
/// the replica holds now is what is scored.
package actor InferenceServer {
  /// One request's scores, and the rows of the items it asked about.
  struct Answer: Sendable {
    let probabilities: [Float]
    /// Per example, when its item's row was created; `nil` if the replica does not hold it.
    let itemCreation: [UInt32?]
  }

  package static let waitingLimit = 1024
  private static let examplesPerBatch = 4096

  package nonisolated let model: any RankingModel
  private let parameters: any ParameterAccess
  private let executor: ActorExecutor
  private let requests = RequestQueue<ExampleBatch, Answer>(capacity: InferenceServer.waitingLimit)

  /// Requests answered, and the batches they were answered in.
  package private(set) var requestsAnswered = 0
  package private(set) var batchesComputed = 0

  package init(
    model: any RankingModel, parameters: any ParameterAccess, runtime: Runtime, home: Home
  ) {
    self.model = model
    self.parameters = parameters
    self.executor = runtime.executor(for: home)
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe self.executor.unowned
  }

  /// Answers requests until the task is cancelled; then refuses those that wait and all later ones.
  package func run() async {
    let requests = self.requests
    await withTaskCancellationHandler {
      while let taken = await requests.takeAll() {
        for group in Self.groups(of: taken) { await self.answer(group) }
      }
    } onCancel: {
      requests.close()
    }
  }

  /// The click probability of each example of `batch`, together with other requests.
  package nonisolated func score(_ batch: ExampleBatch) async throws -> [Float] {
    guard !batch.isEmpty else { return [] }
    return try await self.requests.submit(batch).probabilities
  }

  /// The `count` best of `candidates` for `user`, best first.
  ///
  /// An item without a row in the local replica is left out: the model knows nothing of it here.
  package nonisolated func recommend(
    user: String, candidates: [String], count: Int, features: some CandidateFeatures
  ) async throws -> [Recommendation] {
    guard self.model.layout.itemField != nil else { throw ServingError.noItems }
    var batch = ExampleBatch(layout: self.model.layout, reservingCapacity: candidates.count)
    for item in candidates { batch.append(features.example(user: user, item: item)) }
    guard !batch.isEmpty, count > 0 else { return [] }
    let answer = try await self.requests.submit(batch)
    var found: [Recommendation] = []
    for (index, item) in candidates.enumerated() {
      guard let created = answer.itemCreation[index] else { continue }
      found.append(
        Recommendation(
          item: item, score: answer.probabilities[index], creationSeconds: created))
    }
    found.sort { ($1.score, $0.item) < ($0.score, $1.item) }
    return Array(found.prefix(count))
  }

  /// Cuts what was taken into groups of bounded size, in order; a larger request stands alone.
  private static func groups(
    of taken: [RequestQueue<ExampleBatch, Answer>.Taken]
  ) -> [[RequestQueue<ExampleBatch, Answer>.Taken]] {
    var groups: [[RequestQueue<ExampleBatch, Answer>.Taken]] = []
    var size = 0
    for request in taken {
      if groups.isEmpty || size + request.request.count > Self.examplesPerBatch {
        groups.append([])
        size = 0
      }
      groups[groups.count - 1].append(request)
      size += request.request.count
    }
    return groups
  }

  private func answer(_ group: [RequestQueue<ExampleBatch, Answer>.Taken]) async {
    var batch = ExampleBatch(layout: self.model.layout)
    for request in group { batch.append(contentsOf: request.request) }
    let result: Result<Answer, any Error>
    do {
      result = .success(try await self.compute(batch))
    } catch {
      result = .failure(error)
    }
    self.batchesComputed += 1
    self.requestsAnswered += group.count
    var start = 0
    for request in group {
      let range = start..<(start + request.request.count)
      self.requests.answer(
        request.number,
        with: result.map { answer in
          Answer(
            probabilities: Array(answer.probabilities[range]),
            itemCreation: Array(answer.itemCreation[range]))
        })
      start = range.upperBound
    }
  }

  private func compute(_ batch: ExampleBatch) async throws -> Answer {
    let plan = self.model.plan(batch)
    let rows = try await self.parameters.get(plan.queries)
    let probabilities = try self.model.probabilities(plan, rows: rows)
    let creation = self.model.layout.itemField.map { plan.creation(ofField: $0, rows: rows) }
    return Answer(
      probabilities: probabilities,
      itemCreation: creation ?? [UInt32?](repeating: nil, count: batch.count))
  }
}

/// One recommended item.
package struct Recommendation: Hashable, Sendable {
  package let item: String
  /// The estimated probability of a click.
  package let score: Float
  /// When the item's row was created, in seconds since 1970.
  package let creationSeconds: UInt32
}
