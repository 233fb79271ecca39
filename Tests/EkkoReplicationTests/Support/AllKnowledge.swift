import EkkoCore

@testable import EkkoReplication

extension ReplicaNode {
  /// All that a first report to `peer` tells.
  func allKnowledge(for peer: NodeID) -> [KnowledgeReport.Group] {
    let knowledge = self.knowledge.knowledge
    let subjects = ReportSubjects(
      besides: self.asReported, for: peer, of: self.agreedMembership, in: knowledge)
    return subjects.groups(on: self.board.excerpt(), by: self.asReported, in: knowledge)
  }
}
