import EkkoCore
import EkkoReplication
import EkkoSimulation
import EkkoTransport
import Testing

/// Found by simulation: four answers to peers that were gone held all the places for scans, for ever.
@Suite(.timeLimit(.minutes(5))) struct LinkWatchTests {
  @Test func `a link is stalled when one send waits for ten seconds, not when it has no work`()
    throws
  {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("node")
    let counts = try simulation.run(as: process) { () async -> [Int] in
      let clock = process.clock
      guard let (link, reader) = try? await PacedChannel.openLinks(over: nil, on: process.runtime)
      else { return [] }
      var watch = LinkWatch()
      let number = watch.add(link, at: clock.now().monotonic)
      var counts: [Int] = []
      func look() { counts.append(watch.stalled(at: clock.now().monotonic).count) }
      try? await clock.sleep(for: .seconds(60))
      look()

      // More than a channel takes, and nobody reads.
      let sender = process.runtime.spawn(on: Home(index: 0)) {
        for _ in 0..<100 {
          try? await link.send([Frame(kind: 77, payload: [UInt8](repeating: 1, count: 60_000))])
        }
      }
      try? await clock.sleep(for: .seconds(1))
      look()
      try? await clock.sleep(for: .seconds(9))
      look()
      try? await clock.sleep(for: .seconds(1))
      look()
      watch.remove(number)
      look()
      link.abort()
      reader.abort()
      await sender.value
      return counts
    }
    #expect(counts == [0, 0, 0, 1, 0])
  }

  /// The channel takes a send of any size, and the next waits for it.
  @Test func `a link is not stalled while what was sent before still leaves`() throws {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("node")
    let stalled = try simulation.run(as: process) { () async -> [Int] in
      let clock = process.clock
      guard let (link, reader) = try? await PacedChannel.openLinks(over: nil, on: process.runtime)
      else { return [] }
      var watch = LinkWatch()
      _ = watch.add(link, at: clock.now().monotonic)
      let sender = process.runtime.spawn(on: Home(index: 0)) {
        let frame = Frame(kind: 77, payload: [UInt8](repeating: 1, count: 60_000))
        try? await link.send(Array(repeating: frame, count: 100))
        try? await link.send([frame])
      }
      let receiver = process.runtime.spawn(on: Home(index: 0)) {
        // A megabyte each.
        for _ in 0..<4 {
          try? await clock.sleep(for: .milliseconds(2900))
          _ = try? await reader.receive()
        }
      }
      var stalled: [Int] = []
      for second in 1...30 {
        try? await clock.sleep(for: .seconds(1))
        if !watch.stalled(at: clock.now().monotonic).isEmpty { stalled.append(second) }
      }
      link.abort()
      reader.abort()
      await sender.value
      await receiver.value
      return stalled
    }
    #expect(stalled == Array(22...30))
  }
}
