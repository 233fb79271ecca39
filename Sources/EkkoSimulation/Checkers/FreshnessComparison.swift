internal import EkkoCore
internal import EkkoReplication

/// L3 on samples: what a node says it has seen of a primary, through some moment, it has in all shards.
///
/// A primary is passed over whose clock was ever wrong, or a clone of which was taken for it: what another
/// life of its name said of a later time says nothing of this one.
enum FreshnessComparison {
  /// Compares one life with what the primaries among `lives` have issued.
  static func check(
    _ life: NodeLife, among lives: [NodeLife], _ histories: [ShardID: ShardHistory]
  ) -> Violation? {
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
  /// Whether it is the only one of its name, always was, is no clone, and its clock was never wrong.
  fileprivate func isListed(among lives: [NodeLife]) -> Bool {
    guard !self.isClone, !self.hadRival, !self.process.clock.wasWallWrong,
      let node = self.replica?.nodeID
    else { return false }
    return lives.allSatisfy { $0 === self || $0.replica?.nodeID != node }
  }
}
