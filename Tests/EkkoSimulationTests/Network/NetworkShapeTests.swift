import EkkoCore
import EkkoSimulation
import EkkoTransport
import Testing

/// Latency and rates: when a unit arrives that shares its way with others.
struct NetworkShapeTests {
  private static let unit = [UInt8](repeating: 1, count: 10_000)

  /// When each of three units written at once from near has arrived at each of two hosts.
  private static func arrivals(_ shape: NetworkShape) throws -> [Duration] {
    let world = NetworkWorld(shape: shape)
    return try world.run {
      var all: [Duration] = []
      let listeners = [try await world.far.listen(), try await world.remote.listen()]
      var pairs: [(any ByteChannel, any ByteChannel)] = []
      for (place, listener) in zip([world.far, world.remote], listeners) {
        let near = try await world.near.connect(to: place)
        pairs.append((near, try #require(try await listener.accept())))
      }
      let start = world.now
      for (near, _) in pairs { for _ in 0..<3 { try await near.write(Self.unit) } }
      for arrivals in pairs.map({ _, far in Self.times(of: far, in: world) }) {
        all += await arrivals.value.map { $0 - start }
      }
      return all
    }
  }

  private static func times(
    of channel: any ByteChannel, in world: NetworkWorld
  ) -> Task<[Duration], Never> {
    world.driver.runtime.spawn(on: Home(index: 0)) {
      var times: [Duration] = []
      while times.count < 3, await (try? channel.read(count: Self.unit.count)) != nil {
        times.append(world.now)
      }
      return times
    }
  }

  private static func milliseconds(_ durations: [Duration]) -> [Int] {
    durations.map { Int(($0 / .milliseconds(1)).rounded()) }
  }

  @Test func `a way between two hosts lets one unit through after the other`() throws {
    var shape = NetworkShape.steady
    shape.withinDataCentre.bytesPerSecond = 1e6
    shape.acrossDataCentres.bytesPerSecond = 5e5

    #expect(Self.milliseconds(try Self.arrivals(shape)) == [11, 21, 31, 60, 80, 100])
  }

  @Test
  func `a host's uplink is shared by all its ways, and a slow way does not hold the others up`()
    throws
  {
    var shape = NetworkShape.steady
    shape.uplinkBytesPerSecond = 1e6

    #expect(Self.milliseconds(try Self.arrivals(shape)) == [11, 21, 31, 80, 90, 100])

    // Through the slower of the two once, not through one after the other.
    shape.withinDataCentre.bytesPerSecond = 2e5
    #expect(Self.milliseconds(try Self.arrivals(shape)) == [51, 101, 151, 80, 90, 100])
  }

  @Test func `a host's downlink is shared by all who send to it`() throws {
    var shape = NetworkShape.steady
    shape.downlinkBytesPerSecond = 1e6
    let world = NetworkWorld(shape: shape)

    let passed = try world.run {
      let listener = try await world.far.listen()
      let first = try await world.near.connect(to: world.far)
      let firstFar = try #require(try await listener.accept())
      let second = try await world.remote.connect(to: world.far)
      let secondFar = try #require(try await listener.accept())
      let start = world.now
      try await second.write(Self.unit)
      await world.sleep(.milliseconds(39))
      try await first.write(Self.unit)
      async let one: Duration = {
        _ = try await firstFar.read(count: Self.unit.count)
        return world.now - start
      }()
      async let two: Duration = {
        _ = try await secondFar.read(count: Self.unit.count)
        return world.now - start
      }()
      return [try await one, try await two].sorted()
    }

    // Both begin to arrive after 40 ms, and take 10 ms each.
    #expect(Self.milliseconds(passed) == [50, 60])
  }

  @Test func `bytes are counted per way and per host`() throws {
    let world = NetworkWorld()

    try world.withChannel { near, far in
      for _ in 0..<3 { try await near.write(Self.unit) }
      try await far.write([1, 2, 3])
      _ = try await far.read(count: 30_000)
      _ = try await near.read(count: 3)
    }

    #expect(world.network.byteCount(from: "near", to: "far") == 30_000)
    #expect(world.network.byteCount(from: "far", to: "near") == 3)
    #expect(world.network.unitCount(from: "near", to: "far") == 3)
    #expect(world.network.uplinkByteCount(of: "near") == 30_000)
    #expect(world.network.downlinkByteCount(of: "near") == 3)
    #expect(world.network.byteCount(from: "near", to: "remote") == 0)
  }
}
