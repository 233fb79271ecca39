package import EkkoTransport

/// How a node writes its log to stderr.
package enum LogFormat: String, CaseIterable, Hashable, Sendable {
  case text
  case json
}

/// `ekko-node --role …`: runs a node. What the flags leave out comes from `--config`.
package struct NodeOptions: Hashable, Sendable {
  /// At least one.
  package var roles: RoleSet
  /// As given; see `effectiveDataCentre`.
  package var dataCentre: String?
  /// Empty for none.
  package var zone = ""
  /// As given; see `effectiveListen`.
  package var listen: Endpoint?
  /// Where others reach the node, if not where it listens; port 0 stands for the port it listens on.
  package var advertise: Endpoint?
  package var join: [Endpoint] = []
  package var dataDirectory: String?
  package var secretFile: String?
  package var logFormat = LogFormat.text
  /// Whether a node that founds a cluster makes the model `demo` in it.
  package var makesDefaultModel = true
  /// Whether the node leaves when its standard input ends, as for a program that has started it.
  package var endsWithInput = false

  package init(roles: RoleSet) { self.roles = roles }

  private static let defaultPort: UInt16 = 7400

  /// `dc1` for a training node and `dc2` for any other, unless given.
  package var effectiveDataCentre: String {
    self.dataCentre ?? (self.roles.contains(.training) ? "dc1" : "dc2")
  }

  /// Unless given, 127.0.0.1 with port 7400 for a node that joins nobody, else with a free port.
  package var effectiveListen: Endpoint {
    self.listen
      ?? Endpoint(host: "127.0.0.1", port: self.join.isEmpty ? Self.defaultPort : 0)
  }

  /// Whether `endpoint` leads back to this node, as far as its address tells.
  func isOwn(_ endpoint: Endpoint) -> Bool {
    let listen = self.effectiveListen
    if let advertise = self.advertise, advertise.host == endpoint.host,
      endpoint.port == (advertise.port == 0 ? listen.port : advertise.port)
    {
      return true
    }
    guard endpoint.port == listen.port else { return false }
    return endpoint.numericHost == listen.numericHost || listen.isWildcard && endpoint.isLoopback
  }
}

extension Endpoint {
  fileprivate var numericHost: String { self.host == "localhost" ? "127.0.0.1" : self.host }
}
