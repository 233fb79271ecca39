import EkkoCore
import EkkoStorage

/// The invariants of the catalogue, checked against the oracle after every step.
extension ExplorationState {
  func check() throws(ExplorationFailure) {
    for index in self.replicas.indices where self.touched.contains(index) {
      do {
        try self.replicas[index].checkInvariants()
      } catch {
        throw .structure
      }
      for update in self.issued
      where self.replicas[index].knowledge.covers(update.version)
        && !self.holds(update, at: index)
      {
        throw .knowledgeUnsound
      }
      for other in self.replicas.indices where other != index {
        try self.checkShardVersions(index, other)
        try self.checkShardVersions(other, index)
      }
    }
  }

  /// K1: what the knowledge covers, the rows have, in that version or a later one.
  private func holds(_ update: Update, at replica: Int) -> Bool {
    guard let slot = self.replicas[replica].tables[0].slot(of: update.key) else { return false }
    let stamp = self.replicas[replica].tables[0].stamp(at: slot)
    return ParameterVersion(
      timestamp: stamp.timestamp, origin: self.replicas[replica].origins[stamp.origin])
      >= update.version
  }

  /// S1: whoever would skip a pull because its shard version dominates the peer's has nothing to pull.
  private func checkShardVersions(_ one: Int, _ other: Int) throws(ExplorationFailure) {
    guard self.replicas[one].shardVersion.dominates(self.replicas[other].shardVersion) else {
      return
    }
    guard self.replicas[one].knowledge.dominates(self.replicas[other].knowledge) else {
      throw .shardVersionUnsound
    }
  }
}
