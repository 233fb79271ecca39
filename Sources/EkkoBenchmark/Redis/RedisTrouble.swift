internal import EkkoTransport

/// Why something could not be measured of Redis; each reads as one sentence.
package enum RedisTrouble: Error, Hashable, Sendable, CustomStringConvertible {
  case noAnswer(RedisAddress, SocketTrouble)
  /// It closed the connection.
  case ended
  case lost(SocketTrouble)
  /// What came is not its protocol.
  case notRedis
  /// It refused a command: its own words.
  case refused(String)
  /// A read found nothing where a value had been written.
  case valuesMissing(Int)
  /// Its program could not be started here.
  case noProgram(String)
  /// A replica did not follow its primary in time.
  case replicaNotInStep

  package var description: String {
    switch self {
    case .noAnswer(let address, let trouble): "no Redis answers at \(address) (\(trouble))"
    case .ended: "Redis closed the connection"
    case .lost(let trouble): "the connection to Redis was lost (\(trouble))"
    case .notRedis: "what answers there does not speak the protocol of Redis"
    case .refused(let why): "Redis refused a command: \(why)"
    case .valuesMissing(let count): "Redis has lost \(count) values that were written"
    case .noProgram(let why): "redis-server could not be started: \(why)"
    case .replicaNotInStep: "the replica of Redis did not come into step in time"
    }
  }
}

/// Where a Redis listens: `redis://HOST:PORT`.
package struct RedisAddress: Hashable, Sendable, CustomStringConvertible {
  package let host: String
  package let port: UInt16

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// - Returns: `nil` if `text` is not such an address; names, passwords and numbers of databases
  ///   are not known here.
  package init?(parsing text: String) {
    let scheme = "redis://"
    guard text.hasPrefix(scheme) else { return nil }
    var rest = text.dropFirst(scheme.count)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    guard let endpoint = try? Endpoint(parsing: String(rest)), endpoint.port > 0 else { return nil }
    self.init(host: endpoint.host, port: endpoint.port)
  }

  package var description: String { "redis://\(Endpoint(host: self.host, port: self.port))" }
}
