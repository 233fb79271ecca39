internal import EkkoCore
internal import EkkoTransport

/// The network of a simulated world behind the product's `Transport`: hosts in data centres, the ways
/// between them, and everything that can go wrong there.
///
/// A unit is one `write` call. It leaves when the uplink of its host and the way to the other are
/// free, flies for the way's latency, and arrives in order, unless a fault says otherwise. A run is a
/// function of the seed: what is drawn without faults, by deaths, and by each fault comes from
/// generators of their own.
package final class SimulatedNetwork {
  // Unowned, as timers of the simulation hold units, and those hold this.
  unowned let simulation: Simulation
  private let presence: Simulation.Presence
  package let shape: NetworkShape
  /// Of the jitter.
  var generator: SplitMix64
  private var deaths: SplitMix64
  let faults: NetworkFaults

  private var hosts: [NetworkHost] = []
  private var indices: [String: Int] = [:]
  /// Shapes of ways between two data centres that differ from the usual.
  private var shapes: [HostPair: PathShape] = [:]
  private var connectionCount: UInt64 = 0

  package init(_ simulation: Simulation, shape: NetworkShape = NetworkShape()) {
    self.simulation = simulation
    self.presence = simulation.presence
    self.shape = shape
    self.generator = simulation.makeGenerator()
    self.deaths = simulation.makeGenerator()
    self.faults = NetworkFaults(simulation)
  }

  /// Whether there is still a world around it.
  var isRunning: Bool { self.presence.isThere }

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

  var existingPaths: [NetworkPath] { self.hosts.flatMap(\.existingPaths) }

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
}
