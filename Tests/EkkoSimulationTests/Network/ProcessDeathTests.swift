import EkkoCore
import EkkoSimulation
import EkkoTransport
import Testing

/// What others notice of a death, and that nothing of the dead stays.
struct ProcessDeathTests {
  /// What the other side sees of a death, and after a restart; `nil` for nothing within a minute.
  private static func notice(
    _ style: DeathStyle, restarts: Bool
  ) throws -> (idle: TransportError?, sending: TransportError?, counts: NetworkFaultCounts) {
    let world = NetworkWorld()
    world.far.transport.deathStyle = style
    let (idle, sending) = try world.withChannel { near, _ in
      let reader = world.near.process.runtime.spawn(on: Home(index: 0)) {
        await near.readToEnd().1
      }
      world.far.process.die()
      #expect(world.far.transport.channelCount == 0)
      if restarts { _ = world.restart(world.far) }
      let watch = world.driver.runtime.spawn(on: Home(index: 0)) {
        await world.sleep(.seconds(60))
        reader.cancel()
      }
      let idle = await reader.value
      watch.cancel()
      var sending = await near.failure(writing: [1])
      await world.sleep(.seconds(1))
      if sending == nil { sending = await near.failure(writing: [1]) }
      return (idle, sending)
    }
    return (idle, sending, world.network.fired)
  }

  @Test func `a killed process resets its channels`() throws {
    let (idle, sending, _) = try Self.notice(.reset, restarts: false)

    #expect(idle == .reset)
    #expect(sending == .reset)
  }

  @Test func `after a power cut nothing is heard, until a restarted host answers`() throws {
    let dark = try Self.notice(.silent, restarts: false)
    let restarted = try Self.notice(.silent, restarts: true)
    let muted = try Self.notice(.muted, restarts: true)

    #expect(dark.idle == .cancelled && dark.sending == nil)
    // A host without power is no fault of the network's.
    #expect(dark.counts.total == 0)
    #expect(restarted.idle == .cancelled && restarted.sending == .reset)
    #expect(muted.idle == .cancelled && muted.sending == nil)
  }

  @Test func `a killed process's host refuses, one without power lets wait`() throws {
    for style in [DeathStyle.reset, .silent] {
      let world = NetworkWorld()
      world.far.transport.deathStyle = style
      try world.run {
        _ = try await world.far.listen()
        world.far.process.die()
        let start = world.now

        await #expect(throws: style == .reset ? TransportError.refused : .timedOut) {
          _ = try await world.near.connect(to: world.far)
        }
        #expect(world.now - start == (style == .reset ? .milliseconds(2) : .seconds(5)))

        let restarted = world.restart(world.far)
        let listener = try await restarted.listen()
        let channel = try await world.near.connect(to: restarted)
        channel.abort()
        await listener.close()
      }
    }
  }

  @Test func `the dead reach nobody`() throws {
    let world = NetworkWorld()

    try world.withChannel { near, far in
      let listener = try await world.near.listen()
      async let accepting = listener.accept()
      async let reading = near.readToEnd()
      await world.sleep(.milliseconds(1))
      world.near.transport.deathStyle = .silent
      world.near.process.die()

      #expect(try await accepting == nil)
      #expect(await reading.1 == .closed)
      #expect(await near.failure(writing: [1]) == .closed)
      await near.close()
      await #expect(throws: TransportError.closed) {
        _ = try await world.near.connect(to: world.far)
      }
      await #expect(throws: TransportError.closed) { _ = try await world.near.listen() }
      let reader = world.far.process.runtime.spawn(on: Home(index: 0)) { await far.readToEnd() }
      await world.sleep(.seconds(60))
      reader.cancel()
      #expect(await reader.value == ([], .cancelled))
    }
  }

  @Test func `what waits in a dead host's line is lost, what is on its way arrives`() throws {
    var shape = NetworkShape.steady
    shape.withinDataCentre.bytesPerSecond = 1e6
    let world = NetworkWorld(shape: shape)
    world.near.transport.deathStyle = .silent

    let received = try world.withChannel { near, far in
      for _ in 0..<10 { try await near.write([UInt8](repeating: 1, count: 10_000)) }
      await world.sleep(.milliseconds(25))
      world.near.process.die()
      let reader = world.far.process.runtime.spawn(on: Home(index: 0)) { await far.readToEnd().0 }
      await world.sleep(.seconds(60))
      reader.cancel()
      return await reader.value.count
    }

    #expect(received == 30_000)
  }

  @Test func `nothing is left of a network whose world ended`() throws {
    weak var network: SimulatedNetwork?
    weak var simulation: Simulation?
    do {
      let world = NetworkWorld()
      network = world.network
      simulation = world.simulation
      world.network.start(NetworkFaultRule(.clog))
      let kept = try world.run { () async -> (any ByteChannel)? in
        world.network.heal()
        guard let listener = try? await world.far.listen(),
          let near = try? await world.near.connect(to: world.far)
        else { return nil }
        world.network.start(NetworkFaultRule(.clog))
        try? await near.write([1])
        await world.sleep(.milliseconds(20))
        try? await near.write([2])
        await listener.close()
        return near
      }
      #expect(kept != nil)
      world.simulation.dismantle()
    }

    #expect(network == nil)
    #expect(simulation == nil)
  }
}
