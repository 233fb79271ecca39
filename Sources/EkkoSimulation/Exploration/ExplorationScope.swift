/// How far an exhaustive exploration goes: every budget is used in every possible way.
package struct ExplorationScope: Hashable, Sendable {
  package var replicas: Int
  /// Puts and deletes, of two keys, at any replica.
  package var operations: Int
  /// How many of the operations may be deletes.
  package var deletes: Int
  package var pulls: Int
  /// Links that break, or pieces that vanish while their link lives on.
  package var losses: Int
  package var duplicates: Int
  /// Restarts in a new life: with nothing, or with the replica's file if it has one.
  package var restarts: Int
  /// How often a replica may write a file of its shard.
  package var saves: Int
  /// How often a replica may prune its whole update cache.
  package var prunings: Int
  /// Whether requests and pieces may be under way for any time. Otherwise they arrive as they are
  /// sent, which loses only the cases in which a message is overtaken by way of another link.
  package var delays: Bool
  /// How many pulls may be under way at the same time.
  package var concurrentPulls: Int
  /// Puts of one key that replica 0 has made before anything else: a head start of its counters.
  package var earlierPuts: Int

  package init(
    replicas: Int, operations: Int, pulls: Int, deletes: Int = 0, losses: Int = 0,
    duplicates: Int = 0, restarts: Int = 0, saves: Int = 0, prunings: Int = 0, delays: Bool = false,
    concurrentPulls: Int = 9,
    earlierPuts: Int = 0
  ) {
    self.replicas = replicas
    self.operations = operations
    self.deletes = deletes
    self.pulls = pulls
    self.losses = losses
    self.duplicates = duplicates
    self.restarts = restarts
    self.saves = saves
    self.prunings = prunings
    self.delays = delays
    self.concurrentPulls = concurrentPulls
    self.earlierPuts = earlierPuts
  }
}

// MARK: Limits

extension ExplorationScope {
  /// Of budgets without a limit of their own. Anything near it takes longer than anybody waits.
  package static let usualRange = 0...20

  /// A state of six replicas has at most 199 possible steps: eight of each replica's own, five of each
  /// pull under way, one duplicate. A way holds the number of a step in one byte.
  package static let replicaRange = 2...6

  /// An identity has four bits for the lives of one replica, the first of which is 1.
  package static let restartRange = 0...14
}

extension ExplorationScope: CustomStringConvertible {
  package var description: String {
    var parts = ["\(self.replicas) replicas"]
    for (count, noun) in [
      (self.operations, "operation"), (self.deletes, "delete"), (self.pulls, "pull"),
      (self.losses, "loss"), (self.duplicates, "duplicate"), (self.restarts, "restart"),
      (self.saves, "save"), (self.prunings, "pruning"),
    ] where count > 0 {
      parts.append("\(count) \(noun)\(count == 1 ? "" : noun.hasSuffix("s") ? "es" : "s")")
    }
    if self.earlierPuts > 0 { parts.append("\(self.earlierPuts) earlier puts") }
    if self.concurrentPulls == 1 { parts.append("one pull at a time") }
    if self.delays { parts.append("delays") }
    return parts.joined(separator: ", ")
  }
}
