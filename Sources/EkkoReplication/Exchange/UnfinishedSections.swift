package import EkkoCore
package import EkkoStorage

/// Sections of one peer that broke off and can go on from there, over the same link or the next one.
package struct UnfinishedSections: Sendable {
  private var receptions: [ShardID: SectionReception] = [:]

  package init() {}

  package var isEmpty: Bool { self.receptions.isEmpty }

  /// Notes a section that did not end.
  ///
  /// - Returns: false if it can only begin anew.
  package mutating func keep(_ reception: SectionReception, of shard: ShardID) -> Bool {
    guard reception.resumeToken != nil else { return false }
    self.receptions[shard] = reception
    return true
  }

  /// What to go on from with the next ask for `shard`, which is then up to that.
  ///
  /// - Parameter replaces: whether it asks for all rows: to that a difference is of no use.
  package mutating func take(_ shard: ShardID, replaces: Bool) -> SectionReception? {
    guard let reception = self.receptions.removeValue(forKey: shard) else { return nil }
    return !replaces || reception.modeSoFar == .replace ? reception : nil
  }

  /// Forgets the sections of shards that nothing is to be got of any more: other links have brought it.
  /// To go on would be to get it all again.
  package mutating func retain(where isWanted: (ShardID) -> Bool) {
    self.receptions = self.receptions.filter { isWanted($0.key) }
  }

  /// Those that a life of the peer began.
  package func begun(by responder: IncarnationID) -> UnfinishedSections {
    var sections = self
    sections.receptions = self.receptions.filter { $0.value.responder == responder }
    return sections
  }
}
