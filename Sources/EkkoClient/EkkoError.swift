/// Why a call to the store did not do what was asked. Each reads as one sentence.
public enum EkkoError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No node answered in time; the last reason that was seen.
  case unreachable(String)
  /// The node at this address is part of no cluster yet.
  case notJoined(String)
  /// An endpoint that is not HOST:PORT, or a secret that cannot be used.
  case configuration(String)
  case unknownModel(String)
  case unknownTable(model: String, table: String)
  /// The call itself is wrong; the sentence names the table and key. Nothing was applied.
  case invalid(String)
  /// Some keys were applied, these were not (table and key).
  case partiallyApplied(missing: [String: [UInt64]], why: String)
  /// Applied at the primaries, but fewer others than asked for confirmed it in time.
  case notDurable
  /// The request is so old that the primary cannot tell whether it was applied.
  case uncertain
  /// The replica did not get what the session has seen in time. If that was lost with its primary, it
  /// never will, and only another session can go on.
  case tooLate
  /// The client was closed.
  case closed
  /// The node answered what this client cannot read.
  case malformedReply

  public var description: String {
    switch self {
    case .unreachable(let why): "no node answered: \(why)"
    case .notJoined(let node): "\(node) has not joined a cluster yet"
    case .configuration(let why): why
    case .unknownModel(let name): "there is no model '\(name)'"
    case .unknownTable(let model, let table): "model '\(model)' has no table '\(table)'"
    case .invalid(let why): why
    case .partiallyApplied(let missing, let why):
      "\(missing.values.reduce(0) { $0 + $1.count }) keys were not written: \(why)"
    case .notDurable: "the write is at its primary, but not yet at as many others as asked for"
    case .uncertain: "the primary can no longer tell whether this write was applied"
    case .tooLate: "the replica has not yet got what this session has seen"
    case .closed: "the client is closed"
    case .malformedReply: "the node's answer makes no sense to this client"
    }
  }
}
