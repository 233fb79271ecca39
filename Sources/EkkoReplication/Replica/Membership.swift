package import EkkoCore

/// The replicas of the cluster in their present lives, as the catalogue lists them.
package struct Membership: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var incarnation: IncarnationID
    package var dataCentre: String
    package var formClass: FormClass

    package init(incarnation: IncarnationID, dataCentre: String, formClass: FormClass) {
      self.incarnation = incarnation
      self.dataCentre = dataCentre
      self.formClass = formClass
    }
  }

  package var entries: [NodeID: Entry]

  package init(_ entries: [NodeID: Entry] = [:]) { self.entries = entries }

  /// Everyone, ascending.
  package var members: [KnowledgeReport.Member] {
    self.entries.map { .init(node: $0.key, incarnation: $0.value.incarnation) }.sorted()
  }

  /// The members of each data centre, ascending by its name.
  package var byDataCentre: [(name: String, members: [KnowledgeReport.Member])] {
    Dictionary(grouping: self.members) { self.entries[$0.node]?.dataCentre ?? "" }
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The replicas other than `node` that hold rows in full form.
  package func fullMembers(besides node: NodeID) -> [KnowledgeReport.Member] {
    self.members.filter { $0.node != node && self.entries[$0.node]?.formClass == .full }
  }
}
