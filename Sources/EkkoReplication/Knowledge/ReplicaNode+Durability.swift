package import EkkoCore

/// Waiting until a write is held by more than its primary (DESIGN §11).
extension ReplicaNode {
  /// Waits until `count` full-form replicas besides this one hold all of `versions`.
  ///
  /// - Returns: false if the deadline came first.
  package func wait(
    for versions: [(ShardID, ParameterVersion)], heldByReplicas count: Int,
    until deadline: MonotonicTime
  ) async -> Bool {
    #if PlantedBugs
      if PlantedBug.active == .durabilityNotAwaited { return true }
    #endif
    return await self.knowledge.wait(until: deadline) { knowledge in
      self.membership.fullMembers(besides: self.nodeID)
        .count { knowledge.isHeld(versions, by: $0) } >= count
    }
  }

  /// Waits until all members of each of `count` data centres other than this one hold all of
  /// `versions`.
  package func wait(
    for versions: [(ShardID, ParameterVersion)], heldByDataCentres count: Int,
    until deadline: MonotonicTime
  ) async -> Bool {
    await self.knowledge.wait(until: deadline) { knowledge in
      self.membership.dataCentres.count { dataCentre in
        #if PlantedBugs
          if PlantedBug.active == .oneMemberIsTheDataCentre {
            return dataCentre.name != self.dataCentre
              && dataCentre.members.contains { knowledge.isHeld(versions, by: $0) }
          }
        #endif
        return dataCentre.name != self.dataCentre
          && dataCentre.members.allSatisfy { knowledge.isHeld(versions, by: $0) }
      } >= count
    }
  }
}

extension StableKnowledge {
  fileprivate func isHeld(_ versions: [(ShardID, ParameterVersion)], by member: Member) -> Bool {
    versions.allSatisfy { shard, version in
      self.knowledge(of: member, about: shard).covers(version)
    }
  }
}
