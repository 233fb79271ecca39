internal import EkkoCore

/// The way from one host to another: its length, its line, what is wrong with it, and what went over.
final class NetworkPath {
  unowned let network: SimulatedNetwork
  private unowned let simulation: Simulation
  private unowned let networkFaults: NetworkFaults
  unowned let from: NetworkHost
  unowned let to: NetworkHost
  let isLoopback: Bool
  private var latency: Int64
  private(set) var jitter: Int64
  private var bytesPerSecond: Double
  private(set) var line: NetworkLine
  /// Units and bytes that have left for the other host.
  private(set) var unitCount = 0
  private(set) var byteCount = 0

  /// What is wrong with it, as of this version of the network's faults.
  var faults = PathFaults()
  var faultVersion = 0
  /// What a partition or clog keeps, in order.
  var held: [Held] = []
  var memory: ReplayMemory

  enum Held {
    case parcel(Parcel, by: ActiveFault)
    case control(() -> Void)
  }

  init(from: NetworkHost, to: NetworkHost, of network: SimulatedNetwork) {
    self.network = network
    self.simulation = network.simulation
    self.networkFaults = network.faults
    self.from = from
    self.to = to
    self.isLoopback = from === to
    let shape = network.pathShape(from: from, to: to)
    self.latency = shape.latency.wholeNanoseconds
    self.jitter = shape.jitter.wholeNanoseconds
    self.bytesPerSecond = shape.bytesPerSecond
    self.memory = ReplayMemory(capacity: network.shape.replayUnitCount)
    self.line = NetworkLine(network.simulation, bytesPerSecond: shape.bytesPerSecond) { parcel in
      parcel.source.path.launch(parcel)
    }
    self.applyRate()
  }

  func setShape(_ shape: PathShape) {
    self.latency = shape.latency.wholeNanoseconds
    self.jitter = shape.jitter.wholeNanoseconds
    self.bytesPerSecond = shape.bytesPerSecond
    self.applyRate()
  }

  /// The line's rate follows the shape, and a squeeze where there is one.
  func applyRate() {
    self.line.setRate(
      bytesPerSecond: min(self.bytesPerSecond, self.network.faults.squeezedRate(of: self)))
  }

  // MARK: On the way

  func send(_ parcel: Parcel) {
    if self.isLoopback { self.line.enter(parcel) } else { self.from.uplink.enter(parcel) }
  }

  /// It has got through the host's uplink.
  func pass(_ parcel: Parcel) {
    self.from.sentByteCount += parcel.byteCount
    self.line.enter(parcel)
  }

  /// Its first byte leaves.
  private func launch(_ parcel: Parcel) {
    let byteCount = parcel.byteCount
    self.unitCount += 1
    self.byteCount += byteCount
    var flight = self.drawFlight()
    if self.networkFaults.isAny {
      flight += self.delay(of: parcel, usualBytesPerSecond: self.bytesPerSecond)
    }
    if case .bytes(let bytes) = parcel.content {
      self.memory.record(bytes, at: self.unitCount, lives: parcel.lives)
    }
    parcel.tail = max(parcel.tail, self.simulation.now) + flight
    if !self.isLoopback, self.to.downlink.isLimited || !self.to.downlink.isIdle {
      let source = parcel.source
      // Heads, too, keep their order.
      source.lastHead = max(source.lastHead + 1, self.simulation.now + flight)
      self.simulation.at(source.lastHead) { self.to.downlink.enter(parcel) }
    } else {
      self.scheduleArrival(of: parcel)
    }
  }

  /// It arrives when its last byte does, after the units before it.
  func scheduleArrival(of parcel: Parcel) {
    let source = parcel.source
    let before = parcel.byteCount == 0 ? source.latestArrival : source.lastArrival
    let arrival = max(parcel.tail, before + 1)
    source.lastArrival = arrival
    source.latestArrival = max(source.latestArrival, arrival + parcel.slip)
    self.simulation.at(arrival + parcel.slip) { self.arrive(parcel) }
  }

  private func drawFlight() -> Int64 {
    guard self.jitter > 0 else { return self.latency }
    return self.latency + Int64(self.network.generator.nextUnit() * Double(self.jitter))
  }

  func arrive(_ parcel: Parcel) {
    if self.networkFaults.isAny, self.intercept(parcel) { return }
    self.deliver(parcel)
  }

  func deliver(_ parcel: Parcel) {
    if let fault = parcel.connection.severedBy, self.loses(parcel, severedBy: fault) { return }
    if !self.isLoopback { self.to.receivedByteCount += parcel.byteCount }
    let target = parcel.target
    if parcel.isMarked { self.countEffects(on: parcel, at: target) }
    target.newestArrived = max(target.newestArrived, parcel.sequence)
    target.receive(parcel)
  }

  // MARK: Control

  /// A question or an answer of the hosts themselves: small, late by one latency.
  func sendControl(_ body: @escaping () -> Void) {
    self.simulation.at(self.simulation.now + self.drawFlight()) {
      if self.networkFaults.isAny, self.holds(body) { return }
      body()
    }
  }

  /// Unlike all else it is sent once, so a partition loses it.
  func sendReset(to side: ChannelSide, of connection: SimulatedConnection) {
    guard side.status != .over else { return }
    self.simulation.at(self.simulation.now + self.drawFlight()) {
      guard side.status != .over else { return }
      if self.networkFaults.isAny, self.keepsReset(to: side, of: connection) { return }
      if let fault = connection.severedBy, !fault.hasEnded { return }
      connection.reset(side)
    }
  }
}
