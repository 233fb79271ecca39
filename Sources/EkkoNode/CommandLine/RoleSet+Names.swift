package import EkkoTransport

extension RoleSet {
  /// The roles a node can be started with, by their names.
  static let startable: [String: RoleSet] = ["training": .training, "inference": .inference]

  /// The names of the roles, in the order of DESIGN §12, separated by commas.
  package var names: String {
    let all: [(RoleSet, String)] = [
      (.training, "training"), (.inference, "inference"), (.witness, "witness"),
      (.router, "router"), (.manager, "manager"), (.client, "client"),
    ]
    return all.filter { self.contains($0.0) }.map(\.1).joined(separator: ",")
  }
}
