internal import EkkoCore
internal import EkkoReplication

/// L3 on samples: what a node says it has seen of a primary, through some moment, it has in all shards.
/// One look in sixteen is at one life.
///
/// A primary whose clock was ever wrong is passed over: what an earlier life of it said of a later time
/// says nothing of the next.
struct FreshnessComparison {
  private var generator: SplitMix64
  private var countdown = 0

  private static let interval = 16

  init(generator: SplitMix64) { self.generator = generator }

  mutating func check(_ lives: [NodeLife], _ histories: [ShardID: ShardHistory]) -> Violation? {
    self.countdown += 1
    guard self.countdown % Self.interval == 0 else { return nil }
    let life = lives[self.generator.below(lives.count)]
    guard let replica = life.replica else { return nil }
    let seen = replica.board.lastAsOf
    for primary in lives where primary !== life && primary.isListed(among: lives) {
      guard let origin = primary.replica, origin.formClass == .full, let time = seen[origin.nodeID],
        origin.nodeID != replica.nodeID
      else { continue }
      let through = Timestamp(microseconds: time, counter: 0xFFF)
      for (actor, mirror) in life.mirrors where mirror.isTrusted {
        let known = mirror.knowledge[origin.incarnation]
        guard let history = histories[actor.id],
          let missing = history.updates(
            of: origin.incarnation, after: known, through: through
          ).first
        else { continue }
        return Violation(
          .l3,
          "\(life.name) says it has seen \(primary.name) through \(time), and lacks "
            + "\(missing.timestamp.rawValue) of \(history.name(missing.row))")
      }
    }
    return nil
  }
}

extension NodeLife {
  /// Whether it is the only one of its name, no clone, and its clock was never wrong.
  fileprivate func isListed(among lives: [NodeLife]) -> Bool {
    guard !self.isClone, !self.process.clock.wasWallWrong, let node = self.replica?.nodeID else {
      return false
    }
    return lives.allSatisfy { $0 === self || $0.replica?.nodeID != node }
  }
}
