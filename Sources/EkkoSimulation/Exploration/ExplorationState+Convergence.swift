import EkkoCore
import EkkoStorage

/// What must become of a cluster in which nothing more is written or lost (L1 and S2).
extension ExplorationState {
  /// In which order the pulls without faults are made.
  enum Schedule {
    case oneByOne
    /// All that may ask do so before any answer moves on.
    case allAtOnce
  }

  /// Nothing is written any more, nothing under way, and no pull possible or left.
  var isSettled: Bool {
    self.budget.operations == 0 && self.exchanges.isEmpty && self.planted.pending == nil
      && (self.budget.pulls == 0 || self.possiblePulls.isEmpty)
  }

  private var possiblePulls: [(requester: Int, responder: Int)] {
    self.replicas.indices.flatMap { requester in
      self.replicas.indices.filter { self.mayAsk(requester, $0) }.map { (requester, $0) }
    }
  }

  /// Pulls until all replicas are equal and none finds anything to pull.
  ///
  /// - Parameter converging: states from which that is known.
  /// - Returns: more such states.
  func checkConvergence(
    _ schedule: Schedule, knowing converging: FingerprintSet
  ) throws(ExplorationFailure) -> [UInt64] {
    var state = self
    state.duplicate = nil
    state.files = state.files.map { _ in nil }
    var seen: [UInt64] = []
    for _ in 0..<(4 * state.replicas.count) {
      // As many at a time as there are pairs: with fewer the first of many replicas ask again and
      // again, and the last never do.
      state.budget = ExplorationScope(
        replicas: self.replicas.count, operations: 0, pulls: .max, concurrentPulls: .max)
      let fingerprint = state.fingerprint
      if converging.contains(fingerprint) { return seen }
      seen.append(fingerprint)
      let pulls = state.possiblePulls
      if pulls.isEmpty {
        try state.checkEquality()
        return seen
      }
      try state.run(pulls, schedule)
    }
    throw .notQuiet
  }

  private mutating func run(
    _ pulls: [(requester: Int, responder: Int)], _ schedule: Schedule
  ) throws(ExplorationFailure) {
    for pull in pulls where self.mayAsk(pull.requester, pull.responder) {
      try self.take(.ask(requester: pull.requester, responder: pull.responder))
      if schedule == .oneByOne { try self.finishExchanges() }
    }
    try self.finishExchanges()
  }

  private mutating func finishExchanges() throws(ExplorationFailure) {
    while let last = self.exchanges.indices.last { try self.take(.send(exchange: last)) }
  }

  private func checkEquality() throws(ExplorationFailure) {
    let first = self.replicas[0]
    for replica in self.replicas.dropFirst() {
      guard replica.knowledge == first.knowledge, replica.shardVersion == first.shardVersion,
        replica.digest(at: Self.now) == first.digest(at: Self.now)
      else { throw .notConverged }
    }
  }
}
