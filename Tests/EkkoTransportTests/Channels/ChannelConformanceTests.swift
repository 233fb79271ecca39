import EkkoCore
import EkkoTransport
import Synchronization
import Testing

/// The promises of `ByteChannel`, `Transport` and `ChannelListener`, on every transport.
@Suite(.timeLimit(.minutes(5))) struct ChannelConformanceTests {
  private static func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SplitMix64(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }

  private static func limits(highWatermark: Int) -> ChannelLimits {
    var limits = ChannelLimits()
    limits.highWatermark = highWatermark
    return limits
  }

  @Test(arguments: TestTransport.allCases)
  func `bytes arrive in order in both directions, then the end`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      let (there, back) = (Self.pattern(1000), Self.pattern(700, seed: 2))
      async let answer: [UInt8] = {
        let first = try await pair.far.read()
        for start in stride(from: 0, to: back.count, by: 70) {
          try await pair.far.write(Array(back[start..<(start + 70)]))
        }
        return try #require(first)
      }()
      for start in stride(from: 0, to: there.count, by: 10) {
        try await pair.near.write(Array(there[start..<(start + 10)]))
      }
      let first = try await answer

      async let far = pair.far.readAll()
      var received: [UInt8] = []
      while received.count < back.count { received += try #require(try await pair.near.read()) }
      async let close: Void = pair.near.close()

      #expect(first + (try await far) == there)
      #expect(received == back)
      await pair.far.close()
      await close
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `a large transfer is exact and the writer is held to the limit`(
    kind: TestTransport
  ) async throws {
    let limits = Self.limits(highWatermark: 64 << 10)
    let total = kind.isInSmallPieces ? 20_000 : 24 << 20
    let piece = kind.isInSmallPieces ? 500 : 100_000
    try await ChannelPair.with(kind, limits: limits) { pair in
      let written = Mutex(CRC32C())
      let sent = Atomic<Int>(0)
      async let writing: Void = {
        var generator = SplitMix64(seed: 3)
        var left = total
        while left > 0 {
          let bytes = [UInt8](
            repeating: UInt8(truncatingIfNeeded: generator.next()), count: min(piece, left))
          written.withLock { $0.update(bytes.span.bytes) }
          try await pair.near.write(bytes)
          sent.add(bytes.count, ordering: .relaxed)
          left -= bytes.count
        }
        await pair.near.close()
      }()
      var read = CRC32C()
      var count = 0
      while let bytes = try await pair.far.read() {
        #expect(!bytes.isEmpty && bytes.count <= limits.readByteCount)
        read.update(bytes.span.bytes)
        count += bytes.count
      }
      await pair.far.close()
      try await writing

      #expect(count == total)
      #expect(read.finalize() == written.withLock { $0.finalize() })
    }
  }

  @Test(arguments: TestTransport.inWholePieces)
  func `a channel tells how much of what was written has left`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      #expect(pair.near.outflow == Outflow(accepted: 0, waiting: 0))
      #expect(!pair.near.isFull)
      // More than the kernel keeps.
      let count = 32 << 20
      try await pair.near.write([UInt8](repeating: 7, count: count))
      let before = pair.near.outflow
      #expect(before.accepted == UInt64(count) && before.departed < before.accepted)
      #expect(pair.near.isFull)

      async let answer: Void = {
        var left = count
        while left > 0 { left -= try #require(try await pair.far.read()).count }
        try await pair.far.write([1])
      }()
      // With the answer comes that everything has arrived.
      #expect(try await pair.near.read() == [1])
      try await answer

      #expect(pair.near.outflow == Outflow(accepted: UInt64(count), waiting: 0))
      #expect(!pair.near.isFull)
    }
  }

  @Test(arguments: TestTransport.inWholePieces)
  func `a writer whose bytes nobody reads waits with bounded memory, until cancelled`(
    kind: TestTransport
  ) async throws {
    let limits = Self.limits(highWatermark: 100_000)
    try await ChannelPair.with(kind, limits: limits) { pair in
      let accepted = Atomic<Int>(0)
      let writer = pair.runtime.spawn(on: Home(index: 0)) { () async -> TransportError? in
        while true {
          let failure = await pair.near.failureOfWriting([UInt8](repeating: 7, count: 50_000))
          if let failure { return failure }
          accepted.add(50_000, ordering: .relaxed)
          // The kernel's own buffers are a few megabytes; a writer that never waits ends here.
          if accepted.load(ordering: .relaxed) > 64 << 20 { return nil }
        }
      }
      // The writer is on this loop: once it waits, the loop comes back here for good.
      var last = -1
      var quietTurns = 0
      while quietTurns < 100 {
        await Task.yield()
        let now = accepted.load(ordering: .relaxed)
        quietTurns = now == last ? quietTurns + 1 : 0
        last = now
      }
      writer.cancel()

      #expect(await writer.value == .cancelled)
      if kind == .memory { #expect(last <= limits.highWatermark + 50_000) }
      // The cancelled write left nothing behind: the channel goes on, and exactly so.
      async let rest: Int = {
        var count = 0
        while let bytes = try await pair.far.read() { count += bytes.count }
        await pair.far.close()
        return count
      }()
      try await pair.near.write([1, 2, 3])
      await pair.near.close()
      #expect(try await rest == accepted.load(ordering: .relaxed) + 3)
    }
  }

  /// Reads as connection actors do: on the loop, with no way off it but a wait.
  private actor Reader {
    private let executor: ActorExecutor
    private let runtime: Runtime
    private let hasOtherRun = Atomic<Bool>(false)

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.unowned }

    init(runtime: Runtime) {
      self.executor = runtime.executor(for: Home(index: 0))
      self.runtime = runtime
    }

    /// Whether a task that became ready before the first read ran before the last one ended.
    func letsOthersRun(whileReading count: Int, from channel: any ByteChannel) async throws -> Bool
    {
      let other = self.runtime.spawn(on: Home(index: 0)) {
        self.hasOtherRun.store(true, ordering: .relaxed)
      }
      var left = count
      while left > 0 { left -= try #require(try await channel.read()).count }
      let hasRun = self.hasOtherRun.load(ordering: .relaxed)
      await other.value
      return hasRun
    }
  }

  @Test func `a reader that never has to wait still lets others of its loop run`() async throws {
    try await ChannelPair.with(.memory, limits: Self.limits(highWatermark: 16 << 20)) { pair in
      for _ in 0..<8 { try await pair.near.write([UInt8](repeating: 0, count: 1 << 20)) }
      let reader = Reader(runtime: pair.runtime)

      #expect(try await reader.letsOthersRun(whileReading: 8 << 20, from: pair.far))
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `after one side closes the other reads the rest and then cannot write`(
    kind: TestTransport
  ) async throws {
    try await ChannelPair.with(kind) { pair in
      try await pair.near.write(Self.pattern(300))
      async let close: Void = pair.near.close()

      #expect(try await pair.far.readAll() == Self.pattern(300))
      #expect(try await pair.far.read() == nil)
      async let farClose: Void = pair.far.close()
      await close
      await farClose
      #expect(await pair.near.failureOfWriting([1]) == .closed)
      #expect(await pair.near.readUntilFailure().1 == .closed)
      #expect(await pair.far.failureOfWriting([1]) == .closed)
      await pair.near.close()
      await pair.far.close()
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `writing to a side that has gone fails in the end`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      pair.far.abort()

      var failure: TransportError?
      while failure == nil {
        failure = await pair.near.failureOfWriting([1, 2, 3])
        await Task.yield()
      }

      #expect(failure == .reset)
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `an abort reaches the other side as a reset`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      try await pair.near.write([1, 2, 3])
      #expect(try await pair.far.read()?.first == 1)
      let sent = Self.pattern(100)
      try await pair.near.write(sent)
      pair.near.abort()
      pair.near.abort()

      let (_, failure) = await pair.far.readUntilFailure()

      #expect(failure == .reset)
      #expect(await pair.near.readUntilFailure().1 == .closed)
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `a waiting read ends when its own side closes or aborts`(kind: TestTransport) async throws {
    for isAbort in [false, true] {
      try await ChannelPair.with(kind) { pair in
        let reader = pair.runtime.spawn(on: Home(index: 0)) {
          await pair.near.readUntilFailure().1
        }
        await Task.yield()
        async let far: Void = {
          _ = await pair.far.readUntilFailure()
          await pair.far.close()
        }()
        if isAbort { pair.near.abort() } else { await pair.near.close() }

        #expect(await reader.value == .closed)
        await far
      }
    }
  }

  @Test(arguments: TestTransport.inWholePieces)
  func `a waiting write ends when its own side aborts`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      let writer = pair.runtime.spawn(on: Home(index: 0)) { () async -> TransportError? in
        while true {
          if let failure = await pair.near.failureOfWriting([UInt8](repeating: 0, count: 1 << 20)) {
            return failure
          }
        }
      }
      for _ in 0..<100 { await Task.yield() }

      pair.near.abort()

      #expect(await writer.value == .closed)
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `a cancelled read leaves the channel usable`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      let reader = pair.runtime.spawn(on: Home(index: 0)) {
        await pair.near.readUntilFailure().1
      }
      await Task.yield()
      reader.cancel()
      #expect(await reader.value == .cancelled)

      try await pair.far.write([9])

      #expect(try await pair.near.read() == [9])
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `nobody listens, a taken address, a closed listener`(kind: TestTransport) async throws {
    try await withLoops(kind.method) { loops in
      let transport = kind.make(loops: loops)
      // An address of its own: on a shared one another test may take the port as it becomes free.
      let number = try #require(TestTransport.allCases.firstIndex(of: kind))
      let anyPort = Endpoint(host: "127.0.0.\(71 + number)", port: 0)
      let home = Home(index: 0)
      let listener = try await transport.listen(on: anyPort, homes: [home])
      #expect(listener.endpoint.port != 0)

      await #expect(throws: TransportError.addressInUse) {
        _ = try await transport.listen(on: listener.endpoint, homes: [home])
      }
      let acceptor = Runtime.live(loops: loops).spawn(on: home) {
        (try? await listener.accept()) == nil
      }
      await Task.yield()
      await listener.close()
      await listener.close()
      #expect(await acceptor.value)
      await #expect(throws: TransportError.refused) {
        _ = try await transport.connect(to: listener.endpoint, on: home)
      }
      // The address is free again at once.
      let next = try await transport.listen(on: listener.endpoint, homes: [home])
      await next.close()
    }
  }

  @Test(arguments: TestTransport.inWholePieces)
  func `accepted channels are dealt out to the homes in turn`(kind: TestTransport) async throws {
    try await withLoops(kind.method) { loops in
      let transport = kind.make(loops: loops)
      let listener = try await transport.listen(
        on: Endpoint(host: "127.0.0.1", port: 0), homes: [Home(index: 0), Home(index: 1)])
      var homes: [Int] = []
      for index in 0..<4 {
        let channel = try await transport.connect(
          to: listener.endpoint, on: Home(index: index + 10))
        #expect(channel.home == Home(index: index + 10))
        homes.append(try #require(try await listener.accept()).home.index)
        channel.abort()
      }
      #expect(homes == [0, 1, 0, 1])
      await listener.close()
    }
  }

  @Test(arguments: TestTransport.inWholePieces)
  func `many channels at once keep their bytes apart`(kind: TestTransport) async throws {
    try await withLoops(kind.method) { loops in
      let transport = kind.make(loops: loops)
      let listener = try await transport.listen(
        on: Endpoint(host: "127.0.0.1", port: 0), homes: [Home(index: 0), Home(index: 1)])
      try await withThrowingTaskGroup { group in
        group.addTask {
          try await withThrowingDiscardingTaskGroup { echoes in
            while let channel = try await listener.accept() {
              echoes.addTask {
                while let bytes = try await channel.read() { try await channel.write(bytes) }
                await channel.close()
              }
            }
          }
        }
        try await withThrowingTaskGroup { clients in
          for index in 0..<40 {
            clients.addTask {
              let channel = try await transport.connect(
                to: listener.endpoint, on: Home(index: index))
              let sent = Self.pattern(5000, seed: UInt64(index))
              var received: [UInt8] = []
              for start in stride(from: 0, to: sent.count, by: 500) {
                try await channel.write(Array(sent[start..<(start + 500)]))
                received += try #require(try await channel.read())
              }
              while received.count < sent.count {
                received += try #require(try await channel.read())
              }
              await channel.close()
              #expect(received == sent)
            }
          }
          try await clients.waitForAll()
        }
        await listener.close()
        try await group.waitForAll()
      }
    }
  }
}
