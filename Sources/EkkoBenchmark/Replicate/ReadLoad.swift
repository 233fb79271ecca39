internal import EkkoClient
internal import EkkoCore

/// Lookups of rows at random, made before anything is measured.
struct ReadLoad: Sendable {
  private let batches: [[UInt64]]
  let keysPerRead: Int

  init(_ shape: ReplicateShape, keysPerRead: Int, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    self.keysPerRead = keysPerRead
    self.batches = (0..<512).map { _ in
      (0..<keysPerRead).map { _ in
        UInt64.random(in: 0..<UInt64(shape.keyCount), using: &generator)
      }
    }
  }

  /// Starts to read from the node of `client`.
  func start(
    from client: EkkoClient, on runtime: Runtime, readsUnderWay: Int
  ) -> ClientLoad {
    ClientLoad.start(on: runtime, callsUnderWay: readsUnderWay, rowsPerCall: self.keysPerRead) {
      number in
      let rows = try await client.get(
        self.batches[number % self.batches.count], from: ReplicateCluster.rows,
        of: ReplicateCluster.model)
      guard rows.versions.allSatisfy({ $0 != nil }) else { throw MissingRows() }
    }
  }

  private struct MissingRows: Error, CustomStringConvertible {
    var description: String { "a row that was written is not there" }
  }
}
