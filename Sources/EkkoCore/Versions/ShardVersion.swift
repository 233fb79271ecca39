/// A shard version (Ekko §4.4.2, Definition 2): a counter and the incarnation that issued it.
///
/// It stands for the knowledge its issuer had when it issued it: whoever holds (c, id) knows at
/// least that much. Versions of different issuers cannot be compared.
public struct ShardVersion: Hashable, Sendable {
  public let counter: UInt64
  public let issuer: IncarnationID

  package init(counter: UInt64, issuer: IncarnationID) {
    self.counter = counter
    self.issuer = issuer
  }

  /// Whether a holder of this version certainly knows all that a holder of `other` knows.
  package func dominates(_ other: ShardVersion) -> Bool {
    #if PlantedBugs
      if PlantedBug.active == .shardVersionsComparedByCounter {
        return self.counter >= other.counter
      }
    #endif
    return self.issuer == other.issuer && self.counter >= other.counter
  }

  /// The deterministic choice between two versions of equal knowledge (§4.4.2: both sides pick
  /// the same, so that the choice comes to rest).
  package static func numericallyLarger(_ left: ShardVersion, _ right: ShardVersion) -> ShardVersion
  {
    (left.counter, left.issuer) >= (right.counter, right.issuer) ? left : right
  }
}
