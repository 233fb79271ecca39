import EkkoCore
@testable import EkkoReplication

extension ReplicaNode {
  /// All that a first report to `peer` tells.
  func allKnowledge(for peer: NodeID) -> [KnowledgeReport.Group] {
    let knowledge = self.knowledge.knowledge
    return self.knowledgeGroups(
      on: self.reportSubjects(for: peer, in: knowledge),
      of: self.board.shards(publishedAfter: 0), in: knowledge)
  }
}
