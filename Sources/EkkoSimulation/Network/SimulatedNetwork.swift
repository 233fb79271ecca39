internal import EkkoCore
internal import EkkoTransport

/// The network of a simulated world behind the product's `Transport`: hosts in data centres, the ways
/// between them, and everything that can go wrong there.
///
/// A unit is one `write` call. It leaves when the uplink of its host and the way to the other are
/// free, flies for the way's latency, and arrives in order, unless a fault says otherwise. A run is a
/// function of the seed: what is drawn without faults, by deaths, and by each fault comes from
/// generators of their own.
///
/// SAFETY (of `@unchecked Sendable`): touched on the simulation's thread only.
package final class SimulatedNetwork: @unchecked Sendable {
  // Unowned, as timers of the simulation hold units, and those hold this.
  unowned let simulation: Simulation
  private weak var presence: Simulation?
  package let shape: NetworkShape
  /// Of the jitter.
  var generator: SplitMix64
  private var deaths: SplitMix64
  private let faultSeed: UInt64

  private var hosts: [NetworkHost] = []
  private var indices: [String: Int] = [:]
  /// Shapes of ways between two data centres that differ from the usual.
  private var shapes: [HostPair: PathShape] = [:]
  private var connectionCount: UInt64 = 0

  /// How often each kind of fault changed an outcome.
  package private(set) var fired = NetworkFaultCounts()
  private(set) var activeFaults: [ActiveFault] = []
  private(set) var hasFaults = false
  /// Goes up with each change to what is wrong.
  private(set) var faultVersion = 0
  private var faultCount = 0
  /// Paths that hold units, in the order in which they began to.
  private var holding: [NetworkPath] = []

  package init(_ simulation: Simulation, shape: NetworkShape = NetworkShape()) {
    self.simulation = simulation
    self.presence = simulation
    self.shape = shape
    self.generator = simulation.makeGenerator()
    self.deaths = simulation.makeGenerator()
    var generator = simulation.makeGenerator()
    self.faultSeed = generator.next()
  }

  /// Whether there is still a world around it.
  var isRunning: Bool { self.presence != nil }

  /// The network as `process` sees it from `host`, which comes into being here if it is new. All that
  /// the process has of it ends with the process.
  package func transport(
    for process: SimulatedProcess, host name: String, dataCentre: String
  ) -> SimulatedTransport {
    let host = self.addHost(name, dataCentre: dataCentre)
    return SimulatedTransport(NetworkAttachment(process, at: host, of: self))
  }

  // MARK: Hosts and paths

  private func addHost(_ name: String, dataCentre: String) -> NetworkHost {
    if let host = self.host(named: name) {
      precondition(host.dataCentre == dataCentre, "host \(name) is in \(host.dataCentre)")
      return host
    }
    let host = NetworkHost(name, index: self.hosts.count, dataCentre: dataCentre, of: self)
    self.indices[name] = host.index
    self.hosts.append(host)
    return host
  }

  func host(named name: String) -> NetworkHost? { self.indices[name].map { self.hosts[$0] } }

  private var existingPaths: [NetworkPath] { self.hosts.flatMap(\.existingPaths) }

  func pathShape(from source: NetworkHost, to target: NetworkHost) -> PathShape {
    if source === target { return self.shape.withinHost }
    let pair = HostPair(from: source.dataCentre, to: target.dataCentre)
    if let shape = self.shapes[pair] { return shape }
    return source.dataCentre == target.dataCentre
      ? self.shape.withinDataCentre : self.shape.acrossDataCentres
  }

  /// Gives the ways from hosts of one data centre to hosts of another a shape of their own.
  package func setShape(_ shape: PathShape, fromDataCentre source: String, to target: String) {
    self.shapes[HostPair(from: source, to: target)] = shape
    for path in self.existingPaths where !path.isLoopback {
      path.setShape(self.pathShape(from: path.from, to: path.to))
    }
  }

  func makeConnection(
    from connector: NetworkAttachment, to acceptor: NetworkAttachment
  ) -> SimulatedConnection {
    self.connectionCount += 1
    let limits = self.shape.limits
    return SimulatedConnection(
      number: self.connectionCount,
      connector: ChannelSide(
        path: connector.host.path(to: acceptor.host), attachment: connector, limits: limits),
      acceptor: ChannelSide(
        path: acceptor.host.path(to: connector.host), attachment: acceptor, limits: limits))
  }

  func drawDeathStyle() -> DeathStyle {
    guard self.deaths.chance(self.shape.silentDeathShare) else { return .reset }
    return self.deaths.chance(self.shape.mutedDeathShare) ? .muted : .silent
  }

  // MARK: What went over it

  /// Bytes of whole units that left `source` for `target`.
  package func byteCount(from source: String, to target: String) -> Int {
    self.existingPath(from: source, to: target)?.byteCount ?? 0
  }

  package func unitCount(from source: String, to target: String) -> Int {
    self.existingPath(from: source, to: target)?.unitCount ?? 0
  }

  /// Bytes that left `host` for others, and that it received from others.
  package func uplinkByteCount(of host: String) -> Int {
    self.host(named: host)?.sentByteCount ?? 0
  }

  package func downlinkByteCount(of host: String) -> Int {
    self.host(named: host)?.receivedByteCount ?? 0
  }

  private func existingPath(from source: String, to target: String) -> NetworkPath? {
    guard let source = self.host(named: source), let target = self.host(named: target) else {
      return nil
    }
    return source.path(to: target)
  }

  // MARK: Faults

  /// Switches a fault on until `stop` or `heal`.
  @discardableResult
  package func start(_ rule: NetworkFaultRule) -> NetworkFaultTicket {
    self.faultCount += 1
    // A function of the fault alone, so that leaving out another one changes nothing for it.
    let seed =
      self.faultSeed &+ UInt64(rule.kind.place) &* 0x9E37_79B9_7F4A_7C15
      &+ UInt64(self.simulation.now) &* 0xD1B5_4A32_D192_ED03
    let fault = ActiveFault(rule, number: self.faultCount, generator: SplitMix64(seed: seed))
    self.activeFaults.append(fault)
    self.faultsChanged()
    if rule.kind == .flapping { self.scheduleFlap(of: fault) }
    return NetworkFaultTicket(number: fault.number)
  }

  /// Switches it off; what it held goes on. One that is off already is left alone.
  package func stop(_ ticket: NetworkFaultTicket) {
    self.end { $0.number == ticket.number }
  }

  /// Ends every fault. Hosts without power and channels that broke stay as they are.
  package func heal() { self.end { _ in true } }

  private func end(_ isMeant: (ActiveFault) -> Bool) {
    for fault in self.activeFaults where isMeant(fault) { fault.hasEnded = true }
    self.activeFaults.removeAll(where: isMeant)
    self.faultsChanged()
  }

  private func faultsChanged() {
    self.faultVersion += 1
    self.hasFaults = !self.activeFaults.isEmpty
    for path in self.existingPaths { path.applyRate() }
    if !self.holding.isEmpty { self.holding.removeAll { $0.releaseIfOpen() } }
  }

  private func scheduleFlap(of fault: ActiveFault) {
    let half = fault.rule.spread.wholeNanoseconds / 2
    self.simulation.at(self.simulation.now + max(1, half + fault.drawSpread())) {
      guard !fault.hasEnded else { return }
      fault.isBlocking.toggle()
      self.faultsChanged()
      self.scheduleFlap(of: fault)
    }
  }

  // MARK: For the paths

  func squeezedRate(of path: NetworkPath) -> Double {
    var rate = Double.infinity
    for fault in self.activeFaults
    where fault.kind == .bandwidthSqueeze && fault.rule.paths.contains(path) {
      rate = min(rate, fault.rule.bytesPerSecond)
    }
    return rate
  }

  func startHolding(_ path: NetworkPath) { self.holding.append(path) }

  func count(_ kind: NetworkFault) {
    self.fired[kind] += 1
    self.simulation.mix(UInt64(kind.place))
  }
}
