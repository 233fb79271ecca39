internal import EkkoTransport

/// A machine: who listens on it, and its lines to and from all others.
final class NetworkHost {
  let name: String
  let index: Int
  let dataCentre: String
  private unowned let network: SimulatedNetwork
  /// By the index of the other host, as far as they were needed.
  private var paths: [NetworkPath?] = []
  let uplink: NetworkLine
  let downlink: NetworkLine
  var sentByteCount = 0
  var receivedByteCount = 0
  /// Without power: nothing here answers.
  private(set) var isDown = false
  private var processCount = 0
  private var listeners: [UInt16: ListenerEntry] = [:]

  private static let firstFreePort: UInt16 = 49152

  /// Weak, so that a listener that is dropped stops listening.
  private struct ListenerEntry {
    weak var listener: SimulatedListener?
  }

  init(_ name: String, index: Int, dataCentre: String, of network: SimulatedNetwork) {
    self.name = name
    self.index = index
    self.dataCentre = dataCentre
    self.network = network
    let shape = network.shape
    self.uplink = NetworkLine(
      network.simulation, bytesPerSecond: shape.uplinkBytesPerSecond
    ) { parcel in
      parcel.source.path.pass(parcel)
    }
    self.downlink = NetworkLine(
      network.simulation, bytesPerSecond: shape.downlinkBytesPerSecond
    ) { parcel in
      parcel.source.path.scheduleArrival(of: parcel)
    }
  }

  // MARK: Paths

  func path(to other: NetworkHost) -> NetworkPath {
    if other.index < self.paths.count, let path = self.paths[other.index] { return path }
    let missing = other.index + 1 - self.paths.count
    if missing > 0 { self.paths += Array(repeating: nil, count: missing) }
    let path = NetworkPath(from: self, to: other, of: self.network)
    self.paths[other.index] = path
    return path
  }

  /// Those that exist, in the order of their hosts.
  var existingPaths: [NetworkPath] { self.paths.compactMap { $0 } }

  // MARK: Processes

  func attach() {
    self.processCount += 1
    self.isDown = false
  }

  func detach(_ style: DeathStyle) {
    self.processCount -= 1
    if self.processCount == 0, style != .reset { self.isDown = true }
  }

  // MARK: Listeners

  func listener(at port: UInt16) -> SimulatedListener? { self.listeners[port]?.listener }

  func hasListener(at port: UInt16) -> Bool { self.listener(at: port) != nil }

  /// `port`, or the first free one if it is zero; `nil` if it is taken.
  func freePort(_ port: UInt16) -> UInt16? {
    let ports = port == 0 ? Self.firstFreePort...UInt16.max : port...port
    return ports.first { !self.hasListener(at: $0) }
  }

  func addListener(_ listener: SimulatedListener) {
    self.listeners[listener.endpoint.port] = ListenerEntry(listener: listener)
  }

  /// Takes away who listens at `port`.
  @discardableResult
  func removeListener(at port: UInt16) -> SimulatedListener? {
    self.listeners.removeValue(forKey: port)?.listener
  }
}
