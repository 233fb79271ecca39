/// One thing that may happen next.
package enum ExplorationStep: Hashable, Sendable, CustomStringConvertible {
  case put(replica: Int, key: UInt64)
  case delete(replica: Int, key: UInt64)
  case ask(requester: Int, responder: Int)
  /// The responder takes its snapshot; without delays this is part of the ask.
  case answer(exchange: Int)
  /// The responder sends its next piece: one row, or the section's end, or both.
  case send(exchange: Int)
  /// A piece arrives; without delays this is part of the sending.
  case deliver(exchange: Int)
  /// The link breaks: what is in flight is gone, both sides forget the exchange.
  case breakLink(exchange: Int)
  /// The next piece vanishes, and the exchange goes on.
  case losePiece(exchange: Int)
  /// The next piece is seen twice, the second time at any later moment.
  case duplicate(exchange: Int)
  case deliverDuplicate
  case restart(replica: Int, withFile: Bool)
  case save(replica: Int)
  case prune(replica: Int)
  /// Planted mistakes only: the two parts of a write that should be one.
  case beginWrite(replica: Int, key: UInt64)
  case completeWrite
  /// Planted mistakes only: the shard version of the next write is shown before the write is.
  case announceEarly(replica: Int)

  package var description: String {
    switch self {
    case .put(let replica, let key): "r\(replica) puts key \(key)"
    case .delete(let replica, let key): "r\(replica) deletes key \(key)"
    case .ask(let requester, let responder): "r\(requester) asks r\(responder)"
    case .answer(let exchange): "exchange \(exchange): snapshot"
    case .send(let exchange): "exchange \(exchange): send"
    case .deliver(let exchange): "exchange \(exchange): deliver"
    case .breakLink(let exchange): "exchange \(exchange): the link breaks"
    case .losePiece(let exchange): "exchange \(exchange): a piece is lost"
    case .duplicate(let exchange): "exchange \(exchange): a piece is duplicated"
    case .deliverDuplicate: "the duplicate arrives"
    case .restart(let replica, let withFile):
      "r\(replica) restarts \(withFile ? "with its file" : "with nothing")"
    case .save(let replica): "r\(replica) saves its shard"
    case .prune(let replica): "r\(replica) prunes its cache"
    case .beginWrite(let replica, let key): "r\(replica) draws a time for key \(key)"
    case .completeWrite: "the write with that time is applied"
    case .announceEarly(let replica): "r\(replica) announces a write before it is applied"
    }
  }
}
