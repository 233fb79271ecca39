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

  package struct DataCentre: Hashable, Sendable {
    package let name: String
    /// Ascending.
    package let members: [KnowledgeReport.Member]
  }

  package let entries: [NodeID: Entry]
  /// Everyone, ascending.
  package let members: [KnowledgeReport.Member]
  /// Ascending by name.
  package let dataCentres: [DataCentre]

  package init(_ entries: [NodeID: Entry] = [:]) {
    self.entries = entries
    self.members =
      entries.map { .init(node: $0.key, incarnation: $0.value.incarnation) }.sorted()
    self.dataCentres =
      Dictionary(grouping: self.members) { entries[$0.node]?.dataCentre ?? "" }
      .map { DataCentre(name: $0.key, members: $0.value) }.sorted { $0.name < $1.name }
  }

  /// The replicas other than `node` that hold rows in full form.
  package func fullMembers(besides node: NodeID) -> [KnowledgeReport.Member] {
    self.members.filter { $0.node != node && self.entries[$0.node]?.formClass == .full }
  }
}
