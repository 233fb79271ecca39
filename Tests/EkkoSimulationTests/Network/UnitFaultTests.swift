import EkkoCore
import EkkoSimulation
import EkkoTransport
import Testing

/// The faults that befall single units: each does what it says and is counted when it does.
struct UnitFaultTests {
  private static let units = (0..<200).map { [UInt8]([UInt8($0), 1, 2, UInt8($0)]) }

  private struct Outcome: Equatable {
    var received: [UInt8] = []
    var failure: TransportError?
    /// Of the sender.
    var writeFailure: TransportError?
    var counts = NetworkFaultCounts()
    var duration = Duration.zero
  }

  /// What arrives of `units`, a millisecond apart, under `rule`; a read that waits for a minute counts
  /// as `cancelled`.
  private static func send(
    _ units: [[UInt8]] = Self.units, under rules: [NetworkFaultRule], seed: UInt64 = 1
  ) throws -> Outcome {
    let world = NetworkWorld(seed: seed)
    var outcome = try world.withChannel { near, far in
      for rule in rules { world.network.start(rule) }
      let start = world.now
      let reader = world.far.process.runtime.spawn(on: Home(index: 0)) { await far.readToEnd() }
      var outcome = Outcome()
      for unit in units {
        outcome.writeFailure = await near.failure(writing: unit) ?? outcome.writeFailure
        await world.sleep(.milliseconds(1))
      }
      let closing = world.near.process.runtime.spawn(on: Home(index: 0)) {
        await world.sleep(.seconds(50))
        await near.close()
      }
      let watch = world.driver.runtime.spawn(on: Home(index: 0)) {
        await world.sleep(.seconds(60))
        reader.cancel()
      }
      (outcome.received, outcome.failure) = await reader.value
      outcome.duration = world.now - start
      closing.cancel()
      watch.cancel()
      far.abort()
      await closing.value
      return outcome
    }
    outcome.counts = world.network.fired
    return outcome
  }

  private static func rule(
    _ kind: NetworkFault, _ probability: Double, spread: Duration = .milliseconds(20)
  ) -> NetworkFaultRule {
    NetworkFaultRule(
      kind, on: .from(["near"], to: ["far"]), probability: probability, spread: spread)
  }

  private static func units(of bytes: [UInt8]) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: 4).map { Array(bytes[$0..<min($0 + 4, bytes.count)]) }
  }

  @Test func `a drop loses a unit and later ones go on`() throws {
    let outcome = try Self.send(under: [Self.rule(.drop, 0.3)])
    let received = Self.units(of: outcome.received)

    #expect(outcome.failure == nil)
    #expect((120..<160).contains(received.count))
    #expect(received == Self.units.filter { received.contains($0) })
    #expect(outcome.counts[.drop] == 200 - received.count)
    #expect(outcome.counts.total == outcome.counts[.drop])
  }

  @Test func `a lost unit does not count against the writer`() throws {
    var shape = NetworkShape.steady
    shape.limits.highWatermark = 1000
    let world = NetworkWorld(shape: shape)

    try world.withChannel { near, _ in
      world.network.start(Self.rule(.drop, 1))
      for _ in 0..<50 { try await near.write([UInt8](repeating: 1, count: 600)) }
    }
    #expect(world.network.fired[.drop] >= 48)
  }

  @Test func `reading what was never written makes no room for the writer`() throws {
    var shape = NetworkShape.steady
    shape.limits.highWatermark = 1000
    let world = NetworkWorld(shape: shape)

    try world.withChannel { near, far in
      let ticket = world.network.start(Self.rule(.duplicate, 1, spread: .zero))
      for _ in 0..<10 {
        try await near.write([UInt8](repeating: 1, count: 1000))
        _ = try await far.read(count: 2000)
      }
      world.network.stop(ticket)
      let writer = world.near.process.runtime.spawn(on: Home(index: 0)) {
        var count = 0
        while await near.failure(writing: [UInt8](repeating: 1, count: 1000)) == nil { count += 1 }
        return count
      }
      await world.sleep(.seconds(1))
      writer.cancel()
      #expect(await writer.value == 2)
    }
  }

  @Test func `a duplicate arrives once more`() throws {
    let outcome = try Self.send(under: [Self.rule(.duplicate, 0.3)])
    let received = Self.units(of: outcome.received)

    #expect(Set(received) == Set(Self.units))
    #expect(outcome.counts[.duplicate] == received.count - 200)
    #expect(received.count > 240)
  }

  @Test func `a reordered unit is overtaken by later ones`() throws {
    let outcome = try Self.send(under: [Self.rule(.reorder, 0.2)])
    let received = Self.units(of: outcome.received)

    #expect(received != Self.units)
    #expect(Set(received) == Set(Self.units) && received.count == 200)
    #expect((20..<60).contains(outcome.counts[.reorder]))
  }

  @Test func `a unit that was held back without being overtaken is not counted`() throws {
    let outcome = try Self.send(under: [Self.rule(.reorder, 1, spread: .microseconds(900))])

    #expect(Self.units(of: outcome.received) == Self.units)
    #expect(outcome.counts.total == 0)
  }

  @Test func `a unit in the tail is late, and those behind it with it`() throws {
    let outcome = try Self.send(under: [Self.rule(.delayTail, 0.02, spread: .seconds(3))])

    #expect(Self.units(of: outcome.received) == Self.units)
    #expect((1..<12).contains(outcome.counts[.delayTail]))
  }

  @Test func `a tail that is no longer than usual is not counted`() throws {
    let outcome = try Self.send(under: [Self.rule(.delayTail, 1, spread: .microseconds(900))])

    #expect(Self.units(of: outcome.received) == Self.units)
    #expect(outcome.counts.total == 0)
  }

  @Test func `corruption changes bits and no lengths`() throws {
    let outcome = try Self.send(under: [Self.rule(.bitCorruption, 0.3)])
    let received = Self.units(of: outcome.received)
    let changed = zip(received, Self.units).filter { $0 != $1 }.count

    #expect(received.count == 200)
    #expect(outcome.counts[.bitCorruption] == changed && changed > 35)
  }

  @Test(arguments: UInt64(1)..<10)
  func `a truncated stream ends within a unit, with a reset on both sides`(seed: UInt64) throws {
    let outcome = try Self.send(under: [Self.rule(.truncatedStream, 0.05)], seed: seed)
    let whole = outcome.received.count / 4 * 4

    #expect(outcome.failure == .reset && outcome.writeFailure == .reset)
    #expect(outcome.received == Array(Self.units.flatMap { $0 }.prefix(outcome.received.count)))
    #expect(outcome.received.count - whole < 4)
    #expect(outcome.counts[.truncatedStream] == 1)
  }

  @Test func `a cut ends the channel between units`() throws {
    let outcome = try Self.send(under: [Self.rule(.cut, 0.05)])

    #expect(outcome.failure == .reset && outcome.writeFailure == .reset)
    #expect(outcome.received.count % 4 == 0 && outcome.received.count < 800)
    #expect(outcome.counts[.cut] == 1)
  }

  @Test func `faults with the same kind and time strike alike whatever else is on`() throws {
    let alone = try Self.send(under: [Self.rule(.drop, 0.3)])
    let withOther = try Self.send(
      under: [Self.rule(.bandwidthSqueeze, 1), Self.rule(.drop, 0.3)])

    #expect(alone.received == withOther.received)
  }

  @Test(arguments: UInt64(1)..<6)
  func `what an earlier process was sent is replayed to its successor`(seed: UInt64) throws {
    let world = NetworkWorld(seed: seed)
    world.far.transport.deathStyle = .reset

    let received = try world.run {
      let first = try await world.far.listen()
      let old = try await world.near.connect(to: world.far)
      let oldFar = try #require(try await first.accept())
      for _ in 0..<40 { try await old.write([9]) }
      _ = try await oldFar.read(count: 40)
      world.far.process.die()
      let restarted = world.restart(world.far)
      let second = try await restarted.listen()
      let near = try await world.near.connect(to: restarted)
      let far = try #require(try await second.accept())
      world.network.start(Self.rule(.lateReplay, 0.2))
      for _ in 0..<50 { try await near.write([1]) }
      await world.sleep(.seconds(1))
      async let closing: Void = near.close()
      let received = await far.readToEnd().0
      far.abort()
      await closing
      return received
    }

    let replayed = received.filter { $0 == 9 }.count
    #expect(replayed > 0)
    #expect(received.count == 50 + world.network.fired[.lateReplay])
  }

  private static func identity(_ name: String) -> LinkIdentity {
    LinkIdentity(
      name: name, incarnation: IncarnationID(rawValue: UInt64(name.utf8.count)), roles: .training,
      dataCentre: "dc1",
      form: .full)
  }

  @Test func `links fail on what their checksums find, and on nothing else`() throws {
    let world = NetworkWorld()

    let error = try world.withChannel { near, far in
      async let accepting = Link.accept(
        far, as: Self.identity("far"), runtime: world.far.process.runtime)
      let nearLink = try await Link.open(
        near, as: Self.identity("near"), runtime: world.near.process.runtime)
      let farLink = try await accepting
      try await nearLink.send([Frame(kind: Frame.firstFreeKind, payload: [1, 2, 3])])
      #expect(try await farLink.receive().map { Array($0.payload) } == [[1, 2, 3]])
      world.network.start(Self.rule(.bitCorruption, 1))
      try await nearLink.send([Frame(kind: Frame.firstFreeKind, payload: [1, 2, 3])])
      let error = await #expect(throws: LinkError.self) { _ = try await farLink.receive() }
      nearLink.abort()
      return error
    }

    guard case .frame = error else {
      Issue.record("\(String(describing: error)) is no error of frames")
      return
    }
  }
}
