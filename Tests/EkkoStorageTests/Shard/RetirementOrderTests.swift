import EkkoCore
import EkkoStorage
import Testing

/// Retiring dead incarnations (DESIGN §5.1) in any order of all that can happen meanwhile.
@Suite struct RetirementOrderTests {
  /// Replicas write, pull in pieces, prune, die and are born; incarnations that all know whole are
  /// retired, and each replica learns of that when it will, as requests and replies carry it.
  @Test(arguments: UInt64(0)..<60)
  func `replicas converge whatever the order of writes, pulls, deaths and retirements`(
    seed: UInt64
  ) throws {
    var run = RetirementRun(seed: seed)
    for _ in 0..<150 { try run.step() }
    try run.settle()

    #expect(run.sealCount > 0 || seed % 10 != 0)
  }
}

/// A cluster in which records of retirement are published and applied in order.
private struct RetirementRun {
  private var cluster: ShardCluster
  private var generator: SplitMix64
  private var seals: [(origin: IncarnationID, seal: Timestamp)] = []
  /// How many of the seals each replica has applied.
  private var applied: [Int]
  private var dead: [IncarnationID] = []

  init(seed: UInt64) {
    self.generator = SplitMix64(seed: seed)
    let count = 2 + Int(seed % 2)
    self.cluster = ShardCluster(count: count)
    self.applied = Array(repeating: 0, count: count)
  }

  var sealCount: Int { self.seals.count }

  private mutating func pick() -> Int {
    Int(self.generator.next() % UInt64(self.cluster.replicas.count))
  }

  mutating func step() throws {
    let replica = self.pick()
    switch self.generator.next() % 12 {
    case 0...3:
      let kind: WriteKind = self.generator.next() % 4 == 0 ? .delete : .put
      self.cluster.write(kind, at: replica, table: 1, keys: [self.generator.next() % 8])
    case 4...7: try self.pull(by: replica, from: self.pick())
    case 8:
      self.cluster.advance(by: .seconds(30))
      self.cluster.replicas[replica].pruneCache(at: self.cluster.now)
    case 9: self.retireOne()
    case 10: self.applyNext(at: replica)
    default: if self.generator.next() % 3 == 0 { self.restart(replica) }
    }
    try self.check()
  }

  /// Never the last that has all the rows: nobody could bring them back.
  private mutating func restart(_ replica: Int) {
    let isReplaceable = self.cluster.replicas.indices.contains {
      $0 != replica && self.applied[$0] == self.seals.count
        && !self.cluster.replicas[$0].mustReplace
    }
    guard isReplaceable else { return }
    self.dead.append(self.cluster.replicas[replica].incarnation)
    self.cluster.replicas[replica] = self.cluster.makeReplica(formClass: .full)
    self.applied[replica] = 0
  }

  /// Seals a dead origin that every member knows equally, and whole.
  private mutating func retireOne() {
    guard let origin = self.dead.first else { return }
    let known = self.cluster.replicas.map { $0.knowledge[origin] }
    let isUniform = known.allSatisfy { $0 == known[0] }
    let isAhead = self.cluster.replicas.contains { $0.ahead[origin] > known[0] }
    // One that has records to apply yet is not asked: members apply them in order first.
    guard isUniform, !isAhead, self.applied.allSatisfy({ $0 == self.seals.count }),
      !self.cluster.replicas.contains(where: \.mustReplace)
    else { return }
    self.dead.removeFirst()
    self.seals.append((origin, known[0]))
  }

  private mutating func applyNext(at replica: Int) {
    guard self.applied[replica] < self.seals.count else { return }
    let record = self.seals[self.applied[replica]]
    self.applied[replica] += 1
    _ = self.cluster.replicas[replica].applyRetirement(of: record.origin, seal: record.seal)
  }

  /// One pull; sometimes a record is applied, or a row written, in the middle of it.
  private mutating func pull(by requester: Int, from responder: Int) throws {
    guard requester != responder else { return }
    let level = max(self.applied[requester], self.applied[responder])
    for replica in [requester, responder] {
      while self.applied[replica] < level { self.applyNext(at: replica) }
    }
    let begun = self.cluster.beginPull(
      from: responder, by: requester, replace: self.cluster.replicas[requester].mustReplace)
    guard var (pull, bytes) = begun else { return }
    while true {
      _ = try self.cluster.deliver(bytes, to: &pull)
      let isEnd = !self.cluster.replicas[responder].walks.contains { $0.id == pull.walk }
      if isEnd { return }
      switch self.generator.next() % 8 {
      case 0: self.applyNext(at: responder)
      case 1: self.applyNext(at: requester)
      case 2: self.cluster.write(.put, at: responder, table: 1, keys: [self.generator.next() % 8])
      case 3:
        self.cluster.replicas[responder].abandonWalk(pull.walk, keepUntil: nil)
        return
      default: break
      }
      bytes = self.cluster.nextItems(of: pull, byteLimit: 1).bytes
    }
  }

  private func check() throws {
    for replica in self.cluster.replicas { try replica.checkInvariants() }
    try #require(self.cluster.firstUnsoundKnowledge() == nil)
    // What is sealed was known to all: no trusted replica lacks it.
    for (origin, seal) in self.seals {
      for (key, version) in self.cluster.issued where version.origin == origin {
        for (index, replica) in self.cluster.replicas.enumerated()
        where replica.origins.retired.contains(origin) && !replica.mustReplace {
          guard version.timestamp <= seal else { continue }
          try #require(self.cluster.holds(key, version, at: index))
        }
      }
    }
  }

  /// Everyone applies everything and pulls from everyone until nothing changes.
  mutating func settle() throws {
    for replica in self.cluster.replicas.indices {
      while self.applied[replica] < self.seals.count { self.applyNext(at: replica) }
    }
    let count = self.cluster.replicas.count
    for _ in 0..<(3 * count) {
      for requester in 0..<count {
        for responder in 0..<count where requester != responder {
          try self.cluster.pull(
            from: responder, by: requester,
            replace: self.cluster.replicas[requester].mustReplace)
        }
      }
    }
    try self.check()
    #expect(Set(self.cluster.digests).count == 1)
    #expect(Set(self.cluster.replicas.map(\.knowledge)).count == 1)
    #expect(Set(self.cluster.replicas.map(\.shardVersion)).count == 1)
    #expect(!self.cluster.replicas.contains { $0.mustReplace })
  }
}
