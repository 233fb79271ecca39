internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage

/// What clients were told of their writes.
extension World {
  /// Whom each training node counts as a member of which data centre.
  func memberships() -> [IncarnationID: Membership] {
    var memberships: [IncarnationID: Membership] = [:]
    for node in self.nodes where node.plan.isTraining {
      if let replica = node.replica { memberships[replica.incarnation] = replica.membership }
    }
    return memberships
  }

  /// L2: who waited for others to hold a write was not told too early.
  ///
  /// - Parameter before: the `memberships()` as the call began. Who was a member then and is one now was
  ///   one when the primary answered.
  func checkDurability(
    of write: AcknowledgedWrite, _ durability: Durability,
    before: [IncarnationID: Membership]
  ) {
    guard durability != .primary else { return }
    let holders = self.nodes.filter {
      self.watch.hasHeld(write.version, of: write.shard, at: $0)
    }
    let isHeld =
      switch durability {
      case .primary: true
      case .replicas(let count): holders.count { $0.plan.isTraining } > count
      case .dataCentres(let count):
        self.dataCentres(of: holders, by: write.version.origin, before) >= count
      }
    guard !isHeld else { return }
    self.watch.report(
      Violation(
        .l2,
        "\(write.name), acknowledged for \(durability), is held by "
          + holders.map(\.name).joined(separator: ", ")))
  }

  /// How many data centres of inference nodes have no member that is not among `holders`.
  private func dataCentres(
    of holders: [SimulatedNode], by origin: IncarnationID, _ before: [IncarnationID: Membership]
  ) -> Int {
    let (then, now) = (before[origin], self.memberships()[origin])
    let inference = Dictionary(grouping: self.nodes.filter { !$0.plan.isTraining }) {
      $0.plan.dataCentre
    }
    return inference.values.count { nodes in
      nodes.contains { node in holders.contains { $0 === node } }
        && nodes.allSatisfy { node in
          let id = NodeID(name: node.name)
          let wasMember = then?.entries[id] != nil && then?.entries[id] == now?.entries[id]
          return !wasMember || holders.contains { $0 === node }
        }
    }
  }

  /// E1 and L2 for pushes, where no life has ended: each that was acknowledged was applied, and none
  /// twice. What a life had applied may be applied again in the next, which has not heard of the request.
  func checkCounts(of pushes: [CountedPush]) {
    guard !self.watch.hasLostLives,
      let full = self.nodes.first(where: { $0.plan.isTraining })?.replica
    else { return }
    let byRow = Dictionary(grouping: pushes) { RowPlace(shard: $0.shard, key: $0.key) }
    for (row, pushes) in byRow.sorted(by: { $0.key < $1.key }) {
      let (count, sum) = full.shards[row.shard].map { Self.counted(row.key, in: $0) } ?? (0, 0)
      let told = pushes.filter(\.isAcknowledged)
      let isRight =
        (told.count...pushes.count).contains(count)
        && (told.reduce(0) { $0 + $1.number }...pushes.reduce(0) { $0 + $1.number }).contains(sum)
      guard !isRight else { continue }
      return self.watch.report(
        Violation(
          .e1,
          "\(row.shard.text) key \(row.key): \(count) pushes with numbers that add up to \(sum); "
            + "\(told.count) of \(pushes.count) were acknowledged"))
    }
  }

  private struct RowPlace: Hashable, Comparable {
    let shard: ShardID
    let key: UInt64

    static func < (left: RowPlace, right: RowPlace) -> Bool {
      (left.shard, left.key) < (right.shard, right.key)
    }
  }

  private static func counted(_ key: UInt64, in actor: ShardActor) -> (count: Int, sum: Int) {
    let table = TableID(rawValue: ScenarioTable.counts.rawValue)
    let weights = actor.assumeIsolated { actor in
      actor.shard.read([key], of: table, missing: .report, at: actor.clock.now()).weights
    }
    return (Int(weights[0].rounded()), Int(weights[1].rounded()))
  }
}
