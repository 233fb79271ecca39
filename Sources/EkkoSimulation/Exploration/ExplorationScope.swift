/// How far an exhaustive exploration goes: every budget is used in every possible way.
package struct ExplorationScope: Hashable, Sendable {
  package var replicas: Int
  package var writes: Int
  package var pulls: Int
  package var losses: Int
  package var duplicates: Int
  package var restarts: Int
  /// How often a replica may prune its whole update cache.
  package var prunings: Int

  package init(
    replicas: Int, writes: Int, pulls: Int, losses: Int = 0, duplicates: Int = 0,
    restarts: Int = 0, prunings: Int = 0
  ) {
    self.replicas = replicas
    self.writes = writes
    self.pulls = pulls
    self.losses = losses
    self.duplicates = duplicates
    self.restarts = restarts
    self.prunings = prunings
  }
}

/// One thing that may happen next.
package enum ExplorationStep: Hashable, Sendable, CustomStringConvertible {
  case write(replica: Int, key: UInt64)
  case ask(requester: Int, responder: Int)
  /// The responder takes its snapshot.
  case answer(exchange: Int)
  /// The responder sends its next piece: one row, or the section's end.
  case send(exchange: Int)
  case deliver(exchange: Int)
  /// The link breaks: what is in flight is gone, both sides forget the exchange.
  case lose(exchange: Int)
  /// The next piece in flight is seen twice, the second time as late as possible.
  case duplicate(exchange: Int)
  case deliverDuplicate
  /// The replica loses its state and comes back as a new incarnation.
  case restart(replica: Int)
  case prune(replica: Int)

  package var description: String {
    switch self {
    case .write(let replica, let key): "r\(replica) writes key \(key)"
    case .ask(let requester, let responder): "r\(requester) asks r\(responder)"
    case .answer(let exchange): "exchange \(exchange): snapshot"
    case .send(let exchange): "exchange \(exchange): send"
    case .deliver(let exchange): "exchange \(exchange): deliver"
    case .lose(let exchange): "exchange \(exchange): link breaks"
    case .duplicate(let exchange): "exchange \(exchange): duplicate"
    case .deliverDuplicate: "the duplicate arrives"
    case .restart(let replica): "r\(replica) restarts without state"
    case .prune(let replica): "r\(replica) prunes its cache"
    }
  }
}

/// An invariant that did not hold, by its name in the catalogue.
package enum ExplorationFailure: String, Error, Sendable {
  /// Knowledge covers an update whose row is missing or older.
  case knowledgeUnsound = "K1"
  /// A holder of a shard version knows less than its issuer did; or a version was issued twice.
  case shardVersionUnsound = "S1"
  /// Replicas that can reach each other do not become equal.
  case notConverged = "L1"
  /// Replicas that are equal keep issuing shard versions.
  case notQuiet = "S2"
  /// A structure within a shard contradicts itself (C1 among others).
  case structure = "C1"
}
