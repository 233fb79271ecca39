internal import EkkoCore
package import EkkoReplication
internal import EkkoTransport

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
  /// As a share of the latency within a data centre: without any, peers go in step.
  package var jitter = 1.0
  /// What may be unsent in a channel before its writer waits.
  package var windowByteCount = 512 << 10
  package var hasSecret: Bool
  package var faultKinds: [FaultKind]
  package var faults: Int
  /// Calls of one client under way at a time; later ones wait.
  package var overlap = 32
  /// Of every node.
  package var methods = SynchronisationMethods.simulated
  /// How often an origin may be retired.
  package var retirementInterval = Duration.seconds(5)
  /// Whether nodes lose their files once more when all is well again.
  package var takesBack = false
  /// Faults and writes that are made up for at the end of their phases where there were fewer.
  package var leastFaults = 4
  package var leastWrites = 300

  init(using generator: inout SplitMix64) {
    self.order = generator.chance(0.125) ? .fifo : .random
    // More than half have nine or ten.
    let nodes = generator.chance(0.58) ? 9 + generator.below(2) : 5 + generator.below(4)
    self.trainingNodes = [1, 2, 2, 3][generator.below(4)]
    self.inferenceNodes = Self.drawDataCentres(
      of: max(4, nodes - self.trainingNodes), using: &generator)
    self.relays = generator.chance(0.5)
    self.shards = 4 + generator.below(3)
    self.clients = 3 + generator.below(3)
    // A run costs by the write: more than half are large, the others leave more time between writes.
    self.writes = generator.chance(0.62) ? 1060 + generator.below(40) : 320 + generator.below(120)
    self.span = generator.duration(in: .milliseconds(600)...(.milliseconds(1600)))
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
    self.drawPace(using: &generator)
  }

  /// `nodes` in two or three data centres, two at least in each.
  private static func drawDataCentres(
    of nodes: Int, using generator: inout SplitMix64
  ) -> [Int] {
    var sizes = Array(repeating: 2, count: nodes >= 6 && generator.chance(0.4) ? 3 : 2)
    for _ in 0..<(nodes - sizes.reduce(0, +)) { sizes[generator.below(sizes.count)] += 1 }
    return sizes
  }

  /// How finely answers are cut, and how soon things are pruned, retired and delivered.
  private mutating func drawPace(using generator: inout SplitMix64) {
    if generator.chance(0.5) {
      // Answers of many turns, each of which waits for the one before to be on its way.
      self.methods.answerByteLimit = 200 + generator.below(800)
      self.methods.snapshotByteLimit = self.methods.answerByteLimit
      self.windowByteCount = 500 + generator.below(3000)
      if generator.chance(0.5) { self.methods.credit = UInt32(1000 + generator.below(8000)) }
    } else if generator.chance(0.3) {
      self.wideLatency = generator.duration(in: .milliseconds(150)...(.milliseconds(400)))
    }
    if generator.chance(0.5) {
      // Some times across and back, or no answer would come from the cache before that is known.
      let drawn = generator.duration(in: .milliseconds(300)...(.seconds(3)))
      self.methods.firstHorizon = max(drawn, self.wideLatency * 4)
    }
    if generator.chance(0.7) {
      self.retirementInterval = generator.duration(in: .milliseconds(50)...(.milliseconds(1000)))
    }
    if generator.chance(0.15) { self.jitter = 0 }
    if generator.chance(0.6) {
      self.methods.sectionEffort = generator.duration(in: .microseconds(20)...(.microseconds(200)))
    }
    self.takesBack = generator.chance(0.3)
  }

  var networkShape: NetworkShape {
    var shape = NetworkShape()
    shape.withinDataCentre = PathShape(
      latency: self.localLatency, jitter: self.localLatency * self.jitter, bytesPerSecond: 1.25e8)
    shape.acrossDataCentres = PathShape(
      latency: self.wideLatency, jitter: self.wideLatency * (0.2 * self.jitter),
      bytesPerSecond: 1.25e7)
    shape.limits.highWatermark = self.windowByteCount
    shape.uplinkBytesPerSecond = 2.5e7
    return shape
  }

  package var description: String {
    "order=\(self.order.rawValue) training=\(self.trainingNodes) "
      + "inference=\(self.inferenceNodes.map(String.init).joined(separator: "+")) "
      + "relays=\(self.relays) shards=\(self.shards) clients=\(self.clients) "
      + "writes=\(self.writes) span=\(self.span) pulse=\(self.pulse) own_keys=\(self.ownKeys) "
      + "hot_keys=\(self.hotKeys) deletes=\(Self.percent(self.deletes)) "
      + "latency=\(self.localLatency)/\(self.wideLatency) jitter=\(Self.percent(self.jitter)) "
      + "window=\(self.windowByteCount) piece=\(self.methods.answerByteLimit) "
      + "credit=\(self.methods.credit) effort=\(self.methods.sectionEffort) "
      + "d_prop=\(self.methods.firstHorizon) "
      + "retirement=\(self.retirementInterval) takes_back=\(self.takesBack) secret=\(self.hasSecret) "
      + "faults=\(self.faults) of \(self.faultKinds.map(\.name).joined(separator: ","))"
  }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}
