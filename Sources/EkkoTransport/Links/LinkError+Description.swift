/// The errors of links and channels as people read them, to follow "because".
extension TransportError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .refused: "nobody listens there"
    case .unreachable: "the network does not reach it"
    case .timedOut: "it did not answer in time"
    case .reset: "the connection broke"
    case .closed: "the connection is closed"
    case .cancelled: "the attempt was given up"
    case .addressInUse: "the port is in use"
    case .addressUnavailable: "no interface of this machine has that address"
    case .nameNotFound(let name): "the name '\(name)' was not found"
    case .permissionDenied: "permission was denied"
    case .resourcesExhausted: "the system has no descriptor or memory left"
    case .system(let code): "system error \(code)"
    }
  }
}

extension LinkError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .transport(let error): error.description
    case .frame(let error): "its bytes are not those of an Ekko node (\(error))"
    case .refused(let refusal): "this side refused it: \(refusal.description)"
    case .refusedByPeer(let refusal): "it refused: \(refusal.description)"
    case .handshakeTimedOut: "it did not finish the handshake in time"
    }
  }
}

extension HandshakeRefusal: CustomStringConvertible {
  package var description: String {
    let reason =
      switch self.reason {
      case .wrongMagic: "not an Ekko node"
      case .version: "no common version of the protocol"
      case .cluster: "it belongs to another cluster"
      case .shardFunction: "keys would lie in different shards"
      case .authenticationFailed: "the secrets differ"
      case .secretRequired: "a secret is required"
      case .secretUnexpected: "a secret is not expected"
      case .authenticationUnsupported: "no common authentication"
      case .busy: "too many links"
      case .malformed: "the handshake made no sense"
      case .wrongNode: "another node answers there"
      case .itself: "that is this very node"
      case .other: "no reason that this version knows"
      }
    return self.detail.isEmpty ? reason : "\(reason) (\(self.detail))"
  }
}
