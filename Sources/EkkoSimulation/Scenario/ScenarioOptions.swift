internal import EkkoCore
package import EkkoReplication

/// What a seed switches on and how large it makes things: swarm testing, all of it printed.
package struct ScenarioOptions: Hashable, Sendable, CustomStringConvertible {
  package var order: Simulation.Order
  package var trainingNodes: Int
  /// By data centre.
  package var inferenceNodes: [Int]
  /// Whether the nodes of an inference data centre pull from its first instead of the training nodes.
  package var relays: Bool
  package var shards: Int
  package var clients: Int
  /// Writes that are planned; those acknowledged may be fewer.
  package var writes: Int
  /// How long clients write.
  package var span: Duration
  /// Clients write in bursts this far apart.
  package var pulse: Duration
  /// Keys that each client writes alone, and that all share.
  package var ownKeys: Int
  package var hotKeys: Int
  package var deletes: Double
  package var localLatency: Duration
  package var wideLatency: Duration
  package var hasSecret: Bool
  package var faultKinds: [FaultKind]
  package var faults: Int
  /// Calls of one client under way at a time; later ones wait.
  package var overlap = 8
  /// Of every node.
  package var methods = SynchronisationMethods()
  /// Faults and writes that are made up for at the end of their phases where there were fewer.
  package var leastFaults = 4
  package var leastWrites = 300

  init(using generator: inout SplitMix64) {
    self.order = generator.chance(0.125) ? .fifo : .random
    self.trainingNodes = 1 + generator.below(3)
    self.inferenceNodes = (0..<(generator.chance(0.4) ? 3 : 2)).map { _ in 2 + generator.below(3) }
    self.relays = generator.chance(0.5)
    self.shards = 4 + generator.below(3)
    self.clients = 3 + generator.below(3)
    self.writes = 700 + generator.below(700)
    self.span = generator.duration(in: .milliseconds(800)...(.milliseconds(2000)))
    self.pulse = .milliseconds([1, 20, 40, 80][generator.below(4)])
    self.ownKeys = 8 + generator.below(24)
    self.hotKeys = 2 + generator.below(10)
    self.deletes = generator.chance(0.6) ? 0.02 + 0.1 * generator.nextUnit() : 0
    self.localLatency = generator.duration(in: .milliseconds(1)...(.milliseconds(10)))
    self.wideLatency = generator.duration(in: .milliseconds(15)...(.milliseconds(80)))
    self.hasSecret = generator.chance(0.1)
    let kinds = 3 + generator.below(6)
    var left = FaultKind.all
    self.faultKinds = (0..<kinds).map { _ in left.remove(at: generator.below(left.count)) }
    self.faults = 4 + generator.below(9)
  }

  var networkShape: NetworkShape {
    var shape = NetworkShape()
    shape.withinDataCentre = PathShape(
      latency: self.localLatency, jitter: self.localLatency, bytesPerSecond: 1.25e8)
    shape.acrossDataCentres = PathShape(
      latency: self.wideLatency, jitter: self.wideLatency * 0.2, bytesPerSecond: 1.25e7)
    shape.uplinkBytesPerSecond = 2.5e7
    return shape
  }

  package var description: String {
    "order=\(self.order.rawValue) training=\(self.trainingNodes) "
      + "inference=\(self.inferenceNodes.map(String.init).joined(separator: "+")) "
      + "relays=\(self.relays) shards=\(self.shards) clients=\(self.clients) "
      + "writes=\(self.writes) span=\(self.span) pulse=\(self.pulse) own_keys=\(self.ownKeys) "
      + "hot_keys=\(self.hotKeys) deletes=\(Self.percent(self.deletes)) "
      + "latency=\(self.localLatency)/\(self.wideLatency) secret=\(self.hasSecret) "
      + "faults=\(self.faults) of \(self.faultKinds.map(\.name).joined(separator: ","))"
  }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}
