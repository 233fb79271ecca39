internal import EkkoCore
internal import EkkoNode
internal import EkkoReplication
internal import EkkoStorage

/// A write that was acknowledged: the row has this version or a later one.
struct AcknowledgedWrite: Sendable {
  let shard: ShardID
  let row: ShardHistory.RowKey
  let version: ParameterVersion

  /// The row, for people.
  var name: String { "\(self.shard.text) table \(self.row.table) key \(self.row.key)" }
}

/// One push to a row that counts them.
struct CountedPush: Sendable {
  let shard: ShardID
  let key: UInt64
  let number: Int
  /// Otherwise it may have been applied or not.
  var isAcknowledged = false
}

/// What must hold of the whole cluster, once it is healed.
extension World {
  private var running: [(node: SimulatedNode, life: NodeLife, replica: ReplicaNode)] {
    self.nodes.compactMap { node in
      guard let life = node.life, let replica = node.replica else { return nil }
      return (node, life, replica)
    }
  }

  /// L1: the first way in which the running nodes are not equal; `nil` if they are. Shard versions are
  /// left out: of two replicas that know the same, and of which one pulls from the other only, each
  /// may keep its own; S2 sees to it that nothing moves for that.
  func differences() -> String? {
    let running = self.running
    for node in self.nodes where node.life?.isOver == false && node.replica == nil {
      return "\(node.name) has not started"
    }
    guard let first = running.first else { return nil }
    let reference = first.replica.shards.all
    let views = reference.map(\.view)
    for (node, _, replica) in running.dropFirst() {
      let shards = replica.shards.all
      guard shards.map(\.id) == reference.map(\.id) else {
        return "\(node.name) holds \(shards.count) shards, \(first.node.name) \(reference.count)"
      }
      for (view, other) in zip(views, shards) {
        if let difference = view.difference(to: other.view) {
          return "\(first.node.name) and \(node.name), \(other.id.text): \(difference)"
        }
      }
    }
    guard reference.count > 1 else { return "no node holds a model" }
    // Only now, for they cost a pass over all rows.
    let digests = reference.map(\.rowDigest)
    var contents: [FormClass: (name: String, numbers: [UInt64])] = [:]
    for (node, _, replica) in running {
      for (digest, other) in zip(digests, replica.shards.all) where other.rowDigest != digest {
        return "\(first.node.name) and \(node.name), \(other.id.text): rows, at equal knowledge"
      }
      let numbers = replica.shards.all.map(\.contentNumber)
      guard let alike = contents[replica.formClass] else {
        contents[replica.formClass] = (node.name, numbers)
        continue
      }
      if let place = numbers.indices.first(where: { numbers[$0] != alike.numbers[$0] }) {
        return "\(alike.name) and \(node.name), \(reference[place].id.text): rows in their own form"
      }
    }
    return nil
  }

  /// Makes all rows that there are part of the trace hash.
  func mixRows() {
    for (_, _, replica) in self.running {
      for actor in replica.shards.all { self.simulation.mix(actor.contentNumber) }
    }
  }

  /// L2: a write that was acknowledged is there, at the moment it is, and at the end unless every life
  /// that held it has ended.
  func checkAtOrigin(_ write: AcknowledgedWrite) {
    let (row, shard) = (write.row, write.shard)
    let origin = self.nodes.first { $0.replica?.incarnation == write.version.origin }
    guard let origin, let mirror = origin.life?.mirror(of: shard) else { return }
    if self.watch.isRight(mirror, of: shard, row, after: write.version) { return }
    self.watch.report(
      Violation(
        .l2,
        "\(origin.name) acknowledged \(write.version.text) of \(write.name) and has "
          + (mirror.version(of: row)?.text ?? "nothing")))
  }

  /// All nodes are equal by now, so one is looked at; but for each write all lives that still last.
  func checkOutcome(of writes: [AcknowledgedWrite]) {
    guard let any = self.running.first else { return }
    for write in writes {
      let (row, shard) = (write.row, write.shard)
      if let mirror = any.life.mirror(of: shard),
        self.watch.isRight(mirror, of: shard, row, after: write.version)
      {
        continue
      }
      let holder = self.running.first { _, life, replica in
        replica.incarnation == write.version.origin
          || life.mirror(of: shard)?.hasCovered(write.version) ?? false
      }
      guard let holder else { continue }
      return self.watch.report(
        Violation(
          .l2,
          "\(write.version.text) of \(write.name) is gone, though \(holder.node.name) had it"))
    }
  }

  /// How far behind a primary the stalest view of it is, as the nodes themselves tell it.
  func stalestView() -> (age: Duration, text: String) {
    var worst = (age: Duration.zero, text: "")
    for (node, _, replica) in self.running {
      let now = replica.clock.now()
      let seen = replica.board.asOf(at: now)
      for model in replica.catalogue.modelsByName {
        for primary in model.trainingNodes {
          let age = Int64(now.wall.microseconds) - Int64(seen[primary] ?? 0)
          guard .microseconds(age) > worst.age else { continue }
          let name = replica.catalogue.members[primary]?.name ?? "\(primary)"
          let what = seen[primary] == nil ? "nothing" : "all through \(age / 1000) ms ago"
          worst = (.microseconds(age), "\(node.name) has seen \(what) of \(name)")
        }
      }
    }
    return worst
  }

  // MARK: Bounds

  /// B1: an origin that is no member's present life and still in some vector; `nil` if there is none.
  func unretired() -> String? {
    let running = self.running
    let present = Set(running.map(\.replica.incarnation))
    for (node, _, replica) in running {
      for actor in replica.shards.all {
        let dead = actor.assumeIsolated { actor in
          (actor.shard.knowledge.entries + actor.shard.ahead.entries)
            .first { !present.contains($0.origin) }
        }
        if let dead { return "\(node.name), \(actor.id.text): \(dead.origin.text)" }
      }
    }
    return nil
  }

  /// B1: an announcement crosses a link once, but for frames that the network repeats.
  func checkAnnouncements() async {
    for node in self.nodes {
      guard let store = node.store else { continue }
      var tally = PullTally()
      for keeper in await store.replica.peers { tally.add(await keeper.tally()) }
      if tally.repeated > 64 + tally.announcements / 4 {
        self.watch.report(
          Violation(
            .b1,
            "\(node.name) was told \(tally.repeated) of \(tally.announcements) announcements again")
        )
      }
    }
  }

  // MARK: Quiet

  /// What has been sent and issued so far.
  struct Movement: Hashable, CustomStringConvertible {
    var rowsSent: UInt64 = 0
    var rowsReceived: UInt64 = 0
    /// Of shards that have changed: two that give each other their versions for ever are seen to, also
    /// when each has its own again.
    var announcements: UInt64 = 0
    var retirements: UInt64 = 0
    var members: [IncarnationID] = []

    var description: String {
      "\(self.rowsSent) rows sent, \(self.rowsReceived) received, \(self.announcements) announcements, "
        + "\(self.retirements) retirements, \(self.members.count) members listed"
    }
  }

  func movement() -> Movement {
    var movement = Movement()
    for (_, _, replica) in self.running {
      movement.retirements += replica.retirements
      movement.members += replica.catalogue.membersByName.map(\.incarnation)
      movement.announcements += replica.board.sequence
      for actor in replica.shards.all where actor.id != .catalogue {
        let counters = actor.assumeIsolated { $0.shard.counters }
        movement.rowsSent += counters.rowsSent
        movement.rowsReceived += counters.rowsApplied + counters.rowsSuperseded
      }
    }
    return movement
  }

  // MARK: Selection

  struct SelectionCounts {
    var hits: UInt64 = 0
    var misses: UInt64 = 0
    var visited: UInt64 = 0
    var sent: UInt64 = 0
    /// Hits of links that had got something from the shard before.
    var fromMarks: UInt64 = 0
    /// Links that pull, of all times.
    var links: UInt64 = 0
  }

  func selection() -> SelectionCounts {
    var counts = SelectionCounts()
    for (_, _, replica) in self.running {
      counts.links += replica.preferences.linkCount
      for actor in replica.shards.all where actor.id != .catalogue {
        let (counters, estimate) = actor.assumeIsolated {
          ($0.shard.counters, $0.shard.cache.propagation)
        }
        counts.hits += estimate.hits
        counts.misses += estimate.misses
        counts.visited += counters.rowsVisited
        counts.sent += counters.rowsSent
        counts.fromMarks += counters.cacheWalksFromMark
      }
    }
    return counts
  }

  /// B2, over a time without faults. Of fewer than a hundred answers one may be a scan. False if it has
  /// to be measured again: a link that has got nothing from a shard yet is shown its whole cache, once.
  func checkSelection(
    from before: SelectionCounts, to after: SelectionCounts, mayHaveNewLinks: Bool
  ) -> Bool {
    let (hits, misses) = (after.hits - before.hits, after.misses - before.misses)
    let (visited, sent) = (after.visited - before.visited, after.sent - before.sent)
    let sections = hits + misses
    if misses > max(1, sections / 100) {
      self.watch.report(Violation(.b2, "\(misses) of \(sections) answers had to scan"))
    } else if visited > 4 * sent + 64 * sections {
      if mayHaveNewLinks, after.fromMarks - before.fromMarks < hits { return false }
      self.watch.report(
        Violation(.b2, "\(visited) rows visited for \(sent) sent in \(sections) sections"))
    }
    return true
  }
}

/// What a replica says of one shard.
private struct ShardView {
  let knowledge: VersionVector
  let retired: Set<IncarnationID>
  let isTrusted: Bool

  func difference(to other: ShardView) -> String? {
    guard self.isTrusted, other.isTrusted else { return "one waits for a full replace" }
    guard self.knowledge == other.knowledge else {
      return "knowledge beyond each other's: \(self.knowledge.subtracting(other.knowledge).text) "
        + "and \(other.knowledge.subtracting(self.knowledge).text)"
    }
    return self.retired == other.retired ? nil : "retired origins"
  }
}

/// Between two jobs nobody else is on these actors.
extension ShardActor {
  nonisolated fileprivate var view: ShardView {
    self.assumeIsolated { actor in
      ShardView(
        knowledge: actor.shard.knowledge, retired: actor.shard.origins.retired,
        isTrusted: actor.shard.isTrusted)
    }
  }

  /// A number for all bytes of all live rows and their versions, whatever their order.
  nonisolated fileprivate var contentNumber: UInt64 {
    self.assumeIsolated { actor in
      let (shard, now) = (actor.shard, actor.clock.now())
      var number: UInt64 = 0
      for (table, rows) in shard.tables.enumerated() {
        for slot in 0..<rows.slotCount where rows.sequence(at: slot) != 0 {
          let stamp = rows.stamp(at: slot)
          guard shard.isLive(stamp, table: table, at: now) else { continue }
          var row = SplitMix64.mix(rows.key(at: slot) ^ SplitMix64.mix(UInt64(table)))
          row = SplitMix64.mix(row ^ stamp.timestamp.rawValue)
          number &+= SplitMix64.mix(row ^ rows.bytes(at: slot).fingerprint)
        }
      }
      return number
    }
  }

  nonisolated fileprivate var rowDigest: UInt64 {
    self.assumeIsolated { $0.shard.digest(at: $0.clock.now()) }
  }
}
