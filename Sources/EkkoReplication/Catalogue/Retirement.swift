package import EkkoCore

/// An origin that may be retired, and what it wrote to each shard (DESIGN §5.1).
package struct Retirement: Sendable {
  package let incarnation: IncarnationID
  /// Its last time in each shard it wrote to.
  package let seals: [ShardID: Timestamp]

  /// The origins that are no member's present life and of which every member holds, in every shard, all
  /// that this node knows, and none knows more, which is to be recovered first.
  ///
  /// Every member must have told so since it heard of the death, which is known by its having the whole
  /// catalogue. What an origin wrote goes from member to member; before that some member could hold
  /// more than anyone had told.
  package static func due(at node: ReplicaNode) -> [Retirement] {
    #if PlantedBugs
      if PlantedBug.active == .nothingRetired { return [] }
    #endif
    let catalogue = node.catalogue
    let present = Set(catalogue.members.values.map(\.incarnation))
    let shards = node.shards.all.map(\.id)
    let entries = zip(shards, node.board.entries(of: shards))
    // What this node holds in doubt it may know more of before long.
    guard entries.allSatisfy({ $0.1?.awaitsClock != true }) else { return [] }
    var candidates: Set<IncarnationID> = []
    for (_, entry) in entries {
      // Also of whom there are but rows of a section that nobody saw the end of: as long as they are
      // its own, nobody's knowledge covers them, and a cache that they have left answers nobody.
      for known in (entry?.knowledge.entries ?? []) + (entry?.ahead.entries ?? [])
      where !present.contains(known.origin) {
        candidates.insert(known.origin)
      }
    }
    let retired = Set(catalogue.retired.map(\.incarnation))
    let stable = StableBounds(node)
    guard stable[.catalogue] == node.board[.catalogue]?.knowledge else { return [] }
    return candidates.subtracting(retired).sorted().compactMap { origin in
      var seals: [ShardID: Timestamp] = [:]
      let isHeld = entries.allSatisfy { shard, entry in
        let seal = entry?.knowledge[origin] ?? .zero
        if seal > .zero { seals[shard] = seal }
        #if PlantedBugs
          if PlantedBug.active == .retiredBeforeAllHold { return true }
        #endif
        guard !stable.isExceeded(seal, of: origin, in: shard) else { return false }
        return seal == .zero || stable[shard]?[origin] == seal
      }
      guard isHeld, seals.count <= RetireRecord.sealLimit else { return nil }
      return Retirement(incarnation: origin, seals: seals)
    }
  }
}
