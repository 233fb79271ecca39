internal import EkkoCore

/// What is wrong with a network at the moment, and how often that has mattered.
final class NetworkFaults {
  private unowned let simulation: Simulation
  private let seed: UInt64
  private(set) var active: [ActiveFault] = []
  /// Whether any is on: what every unit asks.
  private(set) var isAny = false
  /// Goes up with each change.
  private(set) var version = 0
  private(set) var fired = NetworkFaultCounts()
  /// Paths that hold units, in the order in which they began to.
  private var holding: [NetworkPath] = []

  init(_ simulation: Simulation) {
    self.simulation = simulation
    var generator = simulation.makeGenerator()
    self.seed = generator.next()
  }

  func start(_ rule: NetworkFaultRule) -> ActiveFault {
    // A function of this fault alone, so that leaving out another one changes nothing for it.
    let seed =
      self.seed &+ UInt64(rule.kind.place) &* 0x9E37_79B9_7F4A_7C15
      &+ UInt64(self.simulation.now) &* 0xD1B5_4A32_D192_ED03
    let fault = ActiveFault(rule, generator: SplitMix64(seed: seed))
    self.active.append(fault)
    return fault
  }

  func end(_ isMeant: (ActiveFault) -> Bool) {
    let ended = self.active.filter(isMeant)
    self.active.removeAll(where: isMeant)
    for fault in ended { fault.end() }
  }

  /// Has it noticed by `paths`, and lets go what nothing blocks any more.
  func changed(for paths: [NetworkPath]) {
    self.version += 1
    self.isAny = !self.active.isEmpty
    for path in paths { path.applyRate() }
    if !self.holding.isEmpty { self.holding.removeAll { $0.releaseIfOpen() } }
  }

  func startHolding(_ path: NetworkPath) { self.holding.append(path) }

  func squeezedRate(of path: NetworkPath) -> Double {
    var rate = Double.infinity
    for fault in self.active
    where fault.kind == .bandwidthSqueeze && fault.rule.paths.contains(path) {
      rate = min(rate, fault.rule.bytesPerSecond)
    }
    return rate
  }

  func count(_ fault: ActiveFault) {
    fault.effects += 1
    self.fired[fault.kind] += 1
    self.simulation.mix(UInt64(fault.kind.place))
  }
}
