import EkkoCore
import EkkoStorage

/// The invariants of the catalogue, checked against the oracle after every step.
extension ExplorationState {
  mutating func check() throws(ExplorationFailure) {
    for index in self.replicas.indices {
      do {
        try self.replicas[index].checkInvariants()
      } catch {
        throw .structure
      }
      guard self.isKnowledgeSound(self.replicas[index]) else { throw .knowledgeUnsound }
      try self.checkShardVersion(of: self.replicas[index])
    }
  }

  /// K1: what the knowledge covers, the rows have, in that version or a later one.
  private func isKnowledgeSound(_ replica: Shard) -> Bool {
    for (version, key) in self.issued where replica.knowledge.covers(version) {
      guard let slot = replica.tables[0].slot(of: key) else { return false }
      let stamp = replica.tables[0].stamp(at: slot)
      let held = ParameterVersion(
        timestamp: stamp.timestamp, origin: replica.origins[stamp.origin])
      if held < version { return false }
    }
    return true
  }

  /// S1: a pair is issued once, and whoever holds it knows what its issuer knew then.
  private mutating func checkShardVersion(of replica: Shard) throws(ExplorationFailure) {
    let version = replica.shardVersion
    guard let atIssue = self.issuedShardVersions[version] else {
      guard version.issuer == replica.incarnation else { throw .shardVersionUnsound }
      self.issuedShardVersions[version] = replica.knowledge
      return
    }
    guard replica.knowledge.dominates(atIssue) else { throw .shardVersionUnsound }
  }

  /// L1 and S2: without faults all replicas become equal, and then nothing more is to be pulled.
  package func checkConvergence() throws(ExplorationFailure) {
    var state = self
    for index in state.exchanges.indices.reversed() { try state.take(.lose(exchange: index)) }
    state.duplicate = nil
    for _ in 0..<(4 * state.replicas.count) {
      state.budget.pulls = state.replicas.count * state.replicas.count
      let pulls = state.possibleSteps.filter { if case .ask = $0 { true } else { false } }
      if pulls.isEmpty {
        try state.checkEquality()
        return
      }
      for pull in pulls where state.possibleSteps.contains(pull) { try state.run(pull) }
    }
    throw .notQuiet
  }

  private mutating func run(_ pull: ExplorationStep) throws(ExplorationFailure) {
    try self.take(pull)
    try self.take(.answer(exchange: 0))
    while !self.exchanges.isEmpty {
      if self.exchanges[0].isSent || !self.exchanges[0].inFlight.isEmpty {
        try self.take(.deliver(exchange: 0))
      } else {
        try self.take(.send(exchange: 0))
      }
    }
  }

  private func checkEquality() throws(ExplorationFailure) {
    let first = self.replicas[0]
    for replica in self.replicas.dropFirst() {
      guard replica.knowledge == first.knowledge, replica.shardVersion == first.shardVersion,
        replica.digest(at: self.now) == first.digest(at: self.now)
      else { throw .notConverged }
    }
  }
}
