/// One case of the scale scenario: so many data centres with so many replicas each, and the load on
/// them.
///
/// Leaders and relays are given as configured links: the first node of each data centre pulls from the
/// first of another, the others pull from the first of theirs. A star over all data centres would
/// overload the uplink of the training node, so they form a tree in which each serves at most
/// `fanOut` others.
package struct ScaleShape: Hashable, Sendable {
  package var dataCentres: Int
  package var replicas = 10
  package var shards = 16
  /// Elements of a row, 32-bit floats.
  package var rowLength = 64
  package var updatesPerSecond = 1000
  /// Rows in one call of the client that writes.
  package var rowsPerWrite = 10
  /// Among which the updates choose evenly.
  package var keys = 10_000
  package var load = Duration.seconds(3)
  /// Of each node, up and down.
  package var linkBytesPerSecond = 12.5e6
  package var fanOut = 10

  package init(dataCentres: Int) { self.dataCentres = dataCentres }

  /// The cases of the scenario.
  package static let cases = [1, 10, 30, 100].map { ScaleShape(dataCentres: $0) }

  /// The bytes of one row (DESIGN §13): key, version, weights.
  package var rowByteCount: Int { 8 + 16 + 4 * self.rowLength }

  package var nodes: Int { self.dataCentres * self.replicas }

  var updates: Int { Int(self.load / .seconds(1)) * self.updatesPerSecond }

  // MARK: Links

  /// The first nodes of data centres are 0, `replicas`, 2 `replicas` …; node 0 is the training node.
  func dataCentre(of node: Int) -> Int { node / self.replicas }

  /// Whom `node` pulls from; `nil` for the training node.
  func source(of node: Int) -> Int? {
    let dataCentre = self.dataCentre(of: node)
    guard node % self.replicas == 0 else { return dataCentre * self.replicas }
    return dataCentre == 0 ? nil : (dataCentre - 1) / self.fanOut * self.replicas
  }

  /// How many pull from each node.
  var readers: [Int] {
    var readers = Array(repeating: 0, count: self.nodes)
    for node in 0..<self.nodes { if let source = self.source(of: node) { readers[source] += 1 } }
    return readers
  }
}
