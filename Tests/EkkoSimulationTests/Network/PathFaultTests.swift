import EkkoCore
import EkkoSimulation
import EkkoTransport
import Testing

/// The faults of whole ways: partitions, clogs, squeezes, and channels that forget.
struct PathFaultTests {
  private static func shape(breakShare: Double) -> NetworkShape {
    var shape = NetworkShape.steady
    shape.breakShareAfterPartition = breakShare
    return shape
  }

  @Test(arguments: [0.0, 1.0])
  func `a partition holds what is sent; after it channels go on, or break`(breakShare: Double)
    throws
  {
    let world = NetworkWorld(shape: Self.shape(breakShare: breakShare))

    try world.withChannel { near, far in
      let ticket = world.network.start(
        NetworkFaultRule(.symmetricPartition, on: .between(["near"], ["far", "remote"])))
      try await near.write([1])
      try await near.write([2])
      await #expect(throws: TransportError.timedOut) {
        _ = try await world.near.connect(to: world.far)
      }
      let start = world.now
      let reader = world.far.process.runtime.spawn(on: Home(index: 0)) {
        (try? await far.read(count: 2), world.now)
      }
      await world.sleep(.seconds(10))
      world.network.stop(ticket)
      let (bytes, time) = await reader.value

      #expect(bytes == (breakShare == 0 ? [1, 2] : nil))
      #expect(time - start == .seconds(10))
      #expect(await near.failure(writing: [3]) == (breakShare == 0 ? nil : .reset))
    }
    // Two units and the question of an attempt.
    #expect(world.network.fired[.symmetricPartition] == 3)
  }

  @Test func `an asymmetric partition lets the other direction through`() throws {
    let world = NetworkWorld()

    try world.withChannel { near, far in
      world.network.start(
        NetworkFaultRule(.asymmetricPartition, on: .from(["near"], to: ["far"])))
      try await near.write([1])
      try await far.write([2])

      #expect(try await near.read() == [2])
      let reader = world.far.process.runtime.spawn(on: Home(index: 0)) { await far.readToEnd().1 }
      await world.sleep(.seconds(10))
      reader.cancel()
      #expect(await reader.value == .cancelled)
      // The far side's answers get through, near's questions do not.
      let listener = try await world.near.listen()
      await #expect(throws: TransportError.timedOut) {
        _ = try await world.far.connect(to: world.near)
      }
      await listener.close()
    }
  }

  @Test func `a reset into a partition is lost: the other side is left half-open`() throws {
    let world = NetworkWorld(shape: Self.shape(breakShare: 0))

    try world.withChannel { near, far in
      world.network.start(
        NetworkFaultRule(.symmetricPartition, on: .between(["near"], ["far"])))
      try await near.write([1])
      await world.sleep(.seconds(1))
      near.abort()
      await world.sleep(.seconds(1))
      world.network.heal()
      let reader = world.far.process.runtime.spawn(on: Home(index: 0)) { await far.readToEnd() }
      await world.sleep(.seconds(10))
      #expect(await far.failure(writing: [1]) == nil)
      // Nothing of what a side that has gone had not got through.
      #expect(await reader.value == ([], .reset))
    }
  }

  @Test func `around a ring only neighbours are reached`() {
    let four = FaultyPaths.acrossRing(["a", "b", "c", "d"])
    let three = FaultyPaths.acrossRing(["a", "b", "c"])

    #expect(
      four
        == .some([
          HostPair(from: "a", to: "c"), HostPair(from: "c", to: "a"),
          HostPair(from: "b", to: "d"), HostPair(from: "d", to: "b"),
        ]))
    #expect(three == .some([HostPair(from: "a", to: "c"), HostPair(from: "c", to: "a")]))
  }

  @Test func `a clog holds units and questions in order until the last clog on the way ends`()
    throws
  {
    let world = NetworkWorld()

    try world.withChannel { near, far in
      let paths = FaultyPaths.from(["near"], to: ["far"])
      let first = world.network.start(NetworkFaultRule(.swizzleClog, on: paths))
      let second = world.network.start(NetworkFaultRule(.clog))
      for byte in UInt8(0)..<10 { try await near.write([byte]) }
      await world.sleep(.milliseconds(100))
      world.network.stop(second)
      let reader = world.far.process.runtime.spawn(on: Home(index: 0)) {
        (try? await far.read(count: 10), world.now)
      }
      let start = world.now
      await world.sleep(.seconds(3))
      world.network.stop(first)
      world.network.stop(first)

      let (bytes, time) = await reader.value
      #expect(bytes == Array(0..<10))
      #expect(time - start == .seconds(3))
    }
    #expect(world.network.fired[.swizzleClog] == 10)
    #expect(world.network.fired[.clog] == 0)
  }

  @Test func `to connect through a clog takes as long as that`() throws {
    let world = NetworkWorld()

    try world.run {
      let listener = try await world.far.listen()
      let ticket = world.network.start(NetworkFaultRule(.clog))
      world.simulation.after(.seconds(2)) { world.network.stop(ticket) }
      let channel = try await world.near.connect(to: world.far)
      #expect(world.now == .milliseconds(2001))
      channel.abort()
      await listener.close()
    }
  }

  @Test func `a squeeze makes units late, and the way is wide again after it`() throws {
    let world = NetworkWorld()
    let unit = [UInt8](repeating: 1, count: 10_000)

    try world.withChannel { near, far in
      let ticket = world.network.start(
        NetworkFaultRule(.bandwidthSqueeze, bytesPerSecond: 100_000))
      let start = world.now
      for _ in 0..<20 { try await near.write(unit) }
      _ = try await far.read(count: 50_000)
      #expect(world.now - start >= .milliseconds(500))
      #expect(world.network.fired[.bandwidthSqueeze] == 5)
      world.network.stop(ticket)
      _ = try await far.read(count: 150_000)
      // The sixth was leaving already; the others follow at once.
      #expect(world.now - start < .milliseconds(605))
    }
  }

  @Test func `flapping delays units and keeps them in order`() throws {
    let world = NetworkWorld()

    try world.withChannel { near, far in
      world.network.start(NetworkFaultRule(.flapping, spread: .milliseconds(100)))
      async let reading = far.read(count: 200)
      for byte in UInt8(0)..<200 {
        try await near.write([byte])
        await world.sleep(.milliseconds(5))
      }
      #expect(try await reading == Array(0..<200))
      world.network.heal()
    }
    #expect((20..<180).contains(world.network.fired[.flapping]))
  }

  @Test func `a half-open channel forgets both ways and says nothing until the fault ends`() throws
  {
    var shape = NetworkShape.steady
    shape.limits.highWatermark = 2000
    let world = NetworkWorld(shape: shape)

    try world.withChannel { near, far in
      let ticket = world.network.start(
        NetworkFaultRule(.halfOpen, on: .from(["near"], to: ["far"])))
      let writer = world.near.process.runtime.spawn(on: Home(index: 0)) {
        () async -> (Int, TransportError?) in
        var count = 0
        while true {
          if let failure = await near.failure(writing: [UInt8](repeating: 1, count: 1000)) {
            return (count, failure)
          }
          count += 1
        }
      }
      let reader = world.far.process.runtime.spawn(on: Home(index: 0)) { await far.readToEnd() }
      await world.sleep(.seconds(60))
      world.network.stop(ticket)
      let (count, failure) = await writer.value

      // As much as may be unsent, then it waits; when the network answers again, it hears of it.
      #expect(count == 3 && failure == .reset)
      await world.sleep(.seconds(60))
      #expect(await far.failure(writing: [1]) == nil)
      #expect(await reader.value == ([], .reset))
    }
    #expect(world.network.fired[.halfOpen] == 3)
  }

  /// Pairs that talk while `kind` is on, then end; answers what is left.
  @Test(arguments: NetworkFault.allCases, UInt64(1)..<4)
  func `every kind fires, and nothing is left after the end`(kind: NetworkFault, seed: UInt64)
    throws
  {
    let world = NetworkWorld(seed: seed, shape: NetworkShape())
    world.network.start(
      NetworkFaultRule(kind, probability: 0.1, spread: .milliseconds(80), bytesPerSecond: 20_000))

    try world.run {
      let server = world.far.process.runtime.spawn(on: Home(index: 0)) {
        guard let listener = try? await world.far.listen() else { return }
        await withDiscardingTaskGroup { echoes in
          while let channel = try? await listener.accept() {
            echoes.addTask {
              while let bytes = try? await channel.read() {
                if await channel.failure(writing: bytes) != nil { break }
              }
              channel.abort()
            }
          }
          echoes.cancelAll()
        }
        await listener.close()
      }
      let client = world.near.process.runtime.spawn(on: Home(index: 0)) {
        for _ in 0..<3 {
          guard let channel = try? await world.near.connect(to: world.far) else { continue }
          async let reading = channel.readToEnd()
          for byte in UInt8(0)..<60 {
            if await channel.failure(writing: [UInt8](repeating: byte, count: 200)) != nil { break }
            await world.sleep(.milliseconds(2))
          }
          await channel.close()
          _ = await reading
        }
      }
      await client.value
      #expect(world.network.fired[kind] > 0)
      world.network.heal()
      await world.sleep(.seconds(1))
      // A healed network takes up new channels at once.
      let channel = try await world.near.connect(to: world.far)
      try await channel.write([1, 2, 3])
      #expect(try await channel.read(count: 3) == [1, 2, 3])
      channel.abort()
      server.cancel()
      await server.value
      await world.sleep(.seconds(10))
    }

    #expect(world.near.transport.channelCount == 0)
    #expect(world.far.transport.channelCount == 0)
    #expect(world.simulation.strays == 0)
  }
}
