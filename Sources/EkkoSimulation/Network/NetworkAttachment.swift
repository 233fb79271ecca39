/// What one process has of the network: its channels and listeners. All of it ends with the process.
final class NetworkAttachment {
  let network: SimulatedNetwork
  let host: NetworkHost
  /// The number of the process.
  let process: UInt32
  private(set) var isAlive = true
  /// How its death shall look; `nil`: drawn when it comes.
  var deathStyle: DeathStyle?
  /// The sides that are not over, each with the connection that owns it.
  private var sides: [(side: ChannelSide, connection: SimulatedConnection)] = []
  private var ports: [UInt16] = []

  init(_ process: SimulatedProcess, at host: NetworkHost, of network: SimulatedNetwork) {
    self.network = network
    self.host = host
    self.process = process.number
    host.attach()
    process.whenDying { self.die() }
  }

  var channelCount: Int { self.sides.count }

  func add(_ side: ChannelSide, of connection: SimulatedConnection) {
    side.place = self.sides.count
    self.sides.append((side, connection))
  }

  func remove(_ side: ChannelSide) {
    guard let last = self.sides.popLast(), last.side !== side else { return }
    last.side.place = side.place
    self.sides[side.place] = last
  }

  func listen(on port: UInt16) { self.ports.append(port) }

  func stopListening(on port: UInt16) { self.ports.removeAll { $0 == port } }

  private func die() {
    guard self.isAlive else { return }
    self.isAlive = false
    let style = self.deathStyle ?? self.network.drawDeathStyle()
    for port in self.ports { self.host.removeListener(at: port)?.processDied() }
    self.ports = []
    self.host.detach(style)
    // From the last on, as each takes itself off.
    while let last = self.sides.last { last.side.die(style) }
  }
}
