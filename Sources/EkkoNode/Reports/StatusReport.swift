package import EkkoReplication
internal import EkkoTransport

/// What one replica holds of one model.
package struct StatusReport: Report, Hashable {
  package var node: String
  package var dataCentre: String
  /// Names, separated by commas.
  package var role: String
  /// `nil` on the one line of a replica that holds no model.
  package var model: String?
  package var shards: UInt32
  package var rows: UInt64
  package var digest: UInt64?
  package var peersReachable: UInt32
  /// Reachable or not; for people only.
  package var peers: UInt32
  /// The replica's clock is so far off that it refuses writes; for people only.
  package var isClockUnfit: Bool

  /// One report per model, or one that says there is none.
  package static func reports(of status: NodeStatus) -> [StatusReport] {
    let models: [NodeStatus.Model?] = status.models.isEmpty ? [nil] : status.models
    return models.map { model in
      StatusReport(
        node: status.name, dataCentre: status.dataCentre,
        role: RoleSet(rawValue: status.roles).names, model: model?.name,
        shards: model?.shards ?? 0, rows: model?.rows ?? 0, digest: model?.digest,
        peersReachable: status.peersReachable, peers: status.peers,
        isClockUnfit: status.isClockUnfit)
    }
  }

  package var json: JSONValue {
    .object([
      .init("node", .text(self.node)),
      .init("data_center", .text(self.dataCentre)),
      .init("role", .text(self.role)),
      .init("model", self.model.map(JSONValue.text) ?? .null),
      .init("shards", .unsigned(UInt64(self.shards))),
      .init("rows", .unsigned(self.rows)),
      .init("digest", self.digest.map(JSONValue.hexadecimal) ?? .null),
      .init("peers_reachable", .unsigned(UInt64(self.peersReachable))),
    ])
  }

  package static let columns: [(title: String, alignment: TextTable.Alignment)] = [
    ("DATA CENTER", .left), ("NODE", .left), ("ROLE", .left), ("MODEL", .left),
    ("SHARDS", .right), ("ROWS", .right), ("DIGEST", .left), ("PEERS", .right), ("", .left),
  ]

  package var cells: [String] {
    [
      self.dataCentre, self.node, self.role, self.model ?? Figures.none, String(self.shards),
      Figures.grouped(self.rows), self.digest?.hexadecimal ?? Figures.none,
      "\(self.peersReachable)/\(self.peers)", self.isClockUnfit ? "clock is off: no writes" : "",
    ]
  }
}
