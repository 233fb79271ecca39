import EkkoCore
import EkkoSimulation
import EkkoTransport

/// Three hosts, two of them in one data centre, and a process that looks on.
struct NetworkWorld: Sendable {
  static let port: UInt16 = 7400

  let simulation: Simulation
  private let confined: Confined<SimulatedNetwork>
  let driver: SimulatedProcess
  let near: Place
  let far: Place
  let remote: Place

  /// A host with the process that runs on it.
  struct Place: Sendable {
    let name: String
    let process: SimulatedProcess
    let transport: SimulatedTransport

    var endpoint: Endpoint { Endpoint(host: self.name, port: NetworkWorld.port) }

    func listen() async throws -> any ChannelListener {
      try await self.transport.listen(on: self.endpoint, homes: [Home(index: 0)])
    }

    func connect(to place: Place) async throws(TransportError) -> any ByteChannel {
      try await self.transport.connect(to: place.endpoint, on: Home(index: 0))
    }
  }

  init(seed: UInt64 = 1, shape: NetworkShape = .steady) {
    self.simulation = Simulation(seed: seed)
    let network = SimulatedNetwork(self.simulation, shape: shape)
    let simulation = self.simulation
    func place(_ name: String, _ dataCentre: String) -> Place {
      let process = simulation.makeProcess(name)
      return Place(
        name: name, process: process,
        transport: network.transport(for: process, host: name, dataCentre: dataCentre))
    }
    self.confined = Confined(network)
    self.driver = self.simulation.makeProcess("driver")
    self.near = place("near", "dc1")
    self.far = place("far", "dc1")
    self.remote = place("remote", "dc2")
  }

  /// A new process on the host of `place`.
  func restart(_ place: Place, dataCentre: String = "dc1") -> Place {
    let process = self.simulation.makeProcess(place.name)
    return Place(
      name: place.name, process: process,
      transport: self.network.transport(for: process, host: place.name, dataCentre: dataCentre))
  }

  var network: SimulatedNetwork { self.confined.value }

  var now: Duration { .nanoseconds(self.simulation.now) }

  func sleep(_ duration: Duration) async { try? await self.driver.clock.sleep(for: duration) }

  /// Runs `body` to its end in virtual time.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) throws -> Value {
    try self.simulation.run(as: self.driver, stepLimit: 1_000_000) {
      () async -> Result<Value, any Error> in
      do { return .success(try await body()) } catch { return .failure(error) }
    }.get()
  }

  /// Runs `body` with a channel from near to far and gives up both sides at its end.
  func withChannel<Value: Sendable>(
    to target: Place? = nil,
    _ body:
      @escaping @Sendable (_ near: any ByteChannel, _ far: any ByteChannel) async throws
      -> Value
  ) throws -> Value {
    try self.run {
      let target = target ?? self.far
      let listener = try await target.listen()
      let near = try await self.near.connect(to: target)
      guard let far = try await listener.accept() else { throw TransportError.closed }
      await listener.close()
      defer {
        near.abort()
        far.abort()
      }
      return try await body(near, far)
    }
  }
}

extension NetworkShape {
  /// Latencies without jitter, so that times can be told beforehand.
  static var steady: NetworkShape {
    var shape = NetworkShape()
    shape.withinDataCentre = PathShape(latency: .milliseconds(1))
    shape.acrossDataCentres = PathShape(latency: .milliseconds(40))
    return shape
  }
}

extension ByteChannel {
  /// Reads to the orderly end or an error; answers what came and the error.
  func readToEnd() async -> ([UInt8], TransportError?) {
    var all: [UInt8] = []
    do throws(TransportError) {
      while let bytes = try await self.read() { all += bytes }
      return (all, nil)
    } catch {
      return (all, error)
    }
  }

  func failure(writing bytes: [UInt8]) async -> TransportError? {
    do throws(TransportError) {
      try await self.write(bytes)
      return nil
    } catch {
      return error
    }
  }

  /// Reads whatever arrives until `count` bytes are there.
  func read(count: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      guard let bytes = try await self.read() else { return all }
      all += bytes
    }
    return all
  }
}
