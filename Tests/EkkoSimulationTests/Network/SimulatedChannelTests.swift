import EkkoCore
import EkkoSimulation
import EkkoTransport
import Testing

/// What `ByteChannel`, `ChannelListener` and `Transport` promise, on a network without faults.
struct SimulatedChannelTests {
  @Test(arguments: UInt64(1)..<20)
  func `bytes arrive in order in both directions, then the end`(seed: UInt64) throws {
    let world = NetworkWorld(seed: seed, shape: NetworkShape())
    let sent = (0..<300).map { [UInt8](repeating: UInt8($0 % 251), count: $0 % 17 + 1) }

    let (received, answer) = try world.withChannel { near, far in
      async let reading = far.readToEnd()
      async let answering = near.read(count: 3)
      for bytes in sent { try await near.write(bytes) }
      try await far.write([1, 2, 3])
      let answer = try await answering
      async let closing: Void = near.close()
      let (received, failure) = await reading
      #expect(failure == nil)
      await far.close()
      await closing
      return (received, answer)
    }

    #expect(received == sent.flatMap { $0 })
    #expect(answer == [1, 2, 3])
  }

  @Test func `a unit arrives whole after the latency, or in pieces of the limit`() throws {
    var shape = NetworkShape.steady
    shape.limits.readByteCount = 4
    let world = NetworkWorld(shape: shape)

    try world.withChannel(to: world.remote) { near, far in
      let start = world.now
      try await near.write([1, 2, 3, 4, 5, 6])
      try await near.write([7])

      #expect(try await far.read() == [1, 2, 3, 4])
      #expect(world.now - start == .milliseconds(40))
      #expect(try await far.read() == [5, 6])
      #expect(try await far.read() == [7])
    }
  }

  @Test func `to connect takes a round trip`() throws {
    let world = NetworkWorld()

    let passed = try world.run {
      let listener = try await world.remote.listen()
      let start = world.now
      let channel = try await world.near.connect(to: world.remote)
      channel.abort()
      await listener.close()
      return world.now - start
    }

    #expect(passed == .milliseconds(80))
  }

  @Test func `a writer whose bytes nobody reads waits, until cancelled, and the channel lives on`()
    throws
  {
    var shape = NetworkShape.steady
    shape.limits.highWatermark = 100_000
    let world = NetworkWorld(shape: shape)

    let (accepted, received) = try world.withChannel { near, far in
      let writer = world.near.process.runtime.spawn(on: Home(index: 0)) { () async -> Int in
        var accepted = 0
        while await near.failure(writing: [UInt8](repeating: 7, count: 30_000)) == nil {
          accepted += 30_000
        }
        return accepted
      }
      await world.sleep(.seconds(10))
      writer.cancel()
      let accepted = await writer.value
      async let reading = far.readToEnd()
      try await near.write([1])
      async let closing: Void = near.close()
      let received = await reading
      await far.close()
      await closing
      return (accepted, received.0.count)
    }

    #expect(accepted == 120_000)
    #expect(received == accepted + 1)
  }

  @Test func `reading makes room for the writer`() throws {
    var shape = NetworkShape.steady
    shape.limits.highWatermark = 1000
    let world = NetworkWorld(shape: shape)

    let count = try world.withChannel { near, far in
      async let reading = far.read(count: 200_000)
      for _ in 0..<200 { try await near.write([UInt8](repeating: 1, count: 1000)) }
      return try await reading.count
    }

    #expect(count == 200_000)
  }

  @Test func `an abort reaches the other side as a reset after the latency`() throws {
    let world = NetworkWorld()

    try world.withChannel { near, far in
      let start = world.now
      near.abort()
      near.abort()

      #expect(await far.readToEnd() == ([], .reset))
      #expect(world.now - start == .milliseconds(1))
      #expect(await far.failure(writing: [1]) == .reset)
      #expect(await near.readToEnd().1 == .closed)
      #expect(await near.failure(writing: [1]) == .closed)
    }
  }

  @Test func `waiting calls end when their own side closes or aborts`() throws {
    for isAbort in [false, true] {
      let world = NetworkWorld()
      try world.withChannel { near, far in
        async let reading = near.readToEnd()
        await world.sleep(.milliseconds(1))
        async let other = far.readToEnd()
        if isAbort {
          near.abort()
        } else {
          async let closing: Void = near.close()
          _ = await other
          await far.close()
          await closing
        }
        #expect(await reading.1 == .closed)
        #expect(await other.1 == (isAbort ? .reset : nil))
      }
    }
  }

  @Test func `a close that nobody answers ends after its time, with a reset`() throws {
    let world = NetworkWorld()

    try world.withChannel { near, far in
      try await near.write([1, 2])
      let start = world.now
      await near.close()

      // The end arrived after a millisecond; the other side's never came.
      #expect(world.now - start - .milliseconds(2001) < .microseconds(1))
      #expect(try await far.read() == [1, 2])
      #expect(try await far.read() == nil)
      await world.sleep(.milliseconds(5))
      #expect(await far.failure(writing: [1]) == .reset)
    }
  }

  @Test func `a cancelled read leaves the channel usable`() throws {
    let world = NetworkWorld()

    try world.withChannel { near, far in
      let reader = world.near.process.runtime.spawn(on: Home(index: 0)) {
        await near.readToEnd().1
      }
      await world.sleep(.milliseconds(1))
      reader.cancel()
      #expect(await reader.value == .cancelled)
      try await far.write([9])
      #expect(try await near.read() == [9])
    }
  }

  @Test func `nobody listens, a taken address, a foreign one, an unknown name`() throws {
    let world = NetworkWorld()

    try world.run {
      let listener = try await world.far.listen()
      await #expect(throws: TransportError.addressInUse) { _ = try await world.far.listen() }
      await #expect(throws: TransportError.addressUnavailable) {
        _ = try await world.near.transport.listen(
          on: world.far.endpoint, homes: [Home(index: 0)])
      }
      let any = try await world.far.transport.listen(
        on: Endpoint(host: "far", port: 0), homes: [Home(index: 0)])
      #expect(any.endpoint.port >= 49152)
      async let accepting = listener.accept()
      await world.sleep(.milliseconds(1))
      await listener.close()
      await listener.close()
      #expect(try await accepting == nil)
      let start = world.now
      await #expect(throws: TransportError.refused) {
        _ = try await world.near.connect(to: world.far)
      }
      #expect(world.now - start == .milliseconds(2))
      await #expect(throws: TransportError.nameNotFound("nowhere")) {
        _ = try await world.near.transport.connect(
          to: Endpoint(host: "nowhere", port: 1), on: Home(index: 0))
      }
      await (try await world.far.listen()).close()
    }
  }

  @Test func `accepted channels are dealt out to the homes in turn, on loopback too`() throws {
    let world = NetworkWorld()

    let homes = try world.run {
      let loopback = Endpoint(host: "127.0.0.1", port: 0)
      let listener = try await world.near.transport.listen(
        on: loopback, homes: [Home(index: 0), Home(index: 1)])
      var homes: [Int] = []
      for index in 0..<4 {
        let channel = try await world.near.transport.connect(
          to: listener.endpoint, on: Home(index: index + 10))
        #expect(channel.home == Home(index: index + 10))
        homes.append(try #require(try await listener.accept()).home.index)
      }
      return homes
    }

    #expect(homes == [0, 1, 0, 1])
  }

  @Test func `one seed is one run`() throws {
    func hash(seed: UInt64) throws -> UInt64 {
      let world = NetworkWorld(seed: seed, shape: NetworkShape())
      try world.withChannel(to: world.remote) { near, far in
        async let reading = far.read(count: 100)
        for _ in 0..<100 { try await near.write([1]) }
        _ = try await reading
      }
      return world.simulation.traceHash
    }

    #expect(try hash(seed: 3) == hash(seed: 3))
    #expect(try hash(seed: 3) != hash(seed: 4))
  }
}
