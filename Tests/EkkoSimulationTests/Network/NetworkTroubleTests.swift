import EkkoCore
import EkkoSimulation
import EkkoTransport
import Testing

/// Everything at once: channels that come and go while any faults come and go and processes die.
struct NetworkTroubleTests {
  /// Counts echoes; what an echo answers with is not looked at, as faults may have changed it.
  private static func echo(at place: NetworkWorld.Place) -> Task<Void, Never> {
    place.process.runtime.spawn(on: Home(index: 0)) {
      guard let listener = try? await place.listen() else { return }
      await withDiscardingTaskGroup { group in
        while let channel = try? await listener.accept() {
          group.addTask {
            while let bytes = try? await channel.read() {
              if await channel.failure(writing: bytes) != nil { break }
            }
            await channel.close()
          }
        }
        group.cancelAll()
      }
      await listener.close()
    }
  }

  private static func talk(
    in world: NetworkWorld, from source: NetworkWorld.Place, to target: NetworkWorld.Place
  ) -> Task<Void, Never> {
    let clock = source.process.clock
    return source.process.runtime.spawn(on: Home(index: 0)) {
      while !Task.isCancelled {
        guard let channel = try? await source.connect(to: target) else {
          try? await clock.sleep(for: .milliseconds(100))
          continue
        }
        await withTaskGroup { group in
          group.addTask { _ = await channel.readToEnd() }
          for byte in UInt8(0)..<20 where !Task.isCancelled {
            if await channel.failure(writing: [UInt8](repeating: byte, count: 500)) != nil { break }
            try? await clock.sleep(for: .milliseconds(5))
          }
          await channel.close()
          group.cancelAll()
        }
      }
    }
  }

  /// Ten seconds of trouble and a quiet end; answers what a run is known by.
  private static func run(seed: UInt64) throws -> (hash: UInt64, counts: NetworkFaultCounts) {
    let world = NetworkWorld(seed: seed, shape: NetworkShape())
    var plan = SplitMix64(seed: seed)
    for kind in NetworkFault.allCases {
      let start = plan.duration(in: .zero ... .seconds(8))
      let end = start + plan.duration(in: .zero ... .seconds(2))
      world.simulation.after(start) {
        let ticket = world.network.start(
          NetworkFaultRule(kind, probability: 0.05, spread: .milliseconds(200)))
        world.simulation.after(end - start) { world.network.stop(ticket) }
      }
    }
    try world.run {
      var places = [world.near, world.far, world.remote]
      var tasks = places.map { Self.echo(at: $0) }
      for source in places {
        for target in places { tasks.append(Self.talk(in: world, from: source, to: target)) }
      }
      for _ in 0..<4 {
        await world.sleep(.seconds(2))
        // The last of its tasks to run are those of the dead.
        let dead = places[1]
        dead.process.die()
        places[1] = world.restart(dead)
        tasks.append(Self.echo(at: places[1]))
      }
      world.network.heal()
      for target in places {
        let channel = try await world.near.connect(to: target)
        try await channel.write([7])
        #expect(try await channel.read() == [7])
        channel.abort()
      }
      for task in tasks { task.cancel() }
      for task in tasks { await task.value }
      await world.sleep(.seconds(10))
      for place in places { #expect(place.transport.channelCount == 0) }
    }
    #expect(world.simulation.strays == 0)
    return (world.simulation.traceHash, world.network.fired)
  }

  @Test(arguments: UInt64(1)..<6)
  func `a healed network serves again, nothing is left, and one seed is one run`(seed: UInt64)
    throws
  {
    let first = try Self.run(seed: seed)
    let second = try Self.run(seed: seed)

    #expect(first == second)
    #expect(NetworkFault.allCases.filter { first.counts[$0] > 0 }.count > 8)
  }
}
