import EkkoCore
import Synchronization
import Testing

@testable import EkkoTransport

/// The promises of `Link` on every transport.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LinkConformanceTests {
  private static let secret = SharedSecret(bytes: Array("a shared secret".utf8))

  @Test(arguments: TestTransport.allCases, [false, true])
  func `frames arrive whole and in order in both directions, then the end`(
    kind: TestTransport, isKeyed: Bool
  ) async throws {
    let count = 40
    try await LinkPair.with(kind, secret: isKeyed ? Self.secret : nil) { pair in
      let sizes = (0..<count).map { [0, 1, 13, 200][$0 % 4] }
      func frames(_ stream: UInt32) -> [Frame] {
        sizes.enumerated().map { index, size in
          Frame(
            kind: 16 + UInt8(index % 3), stream: stream,
            payload: [UInt8](repeating: UInt8(index), count: size))
        }
      }
      async let answers: [Frame] = {
        try await pair.far.send(frames(2))
        return try await pair.far.receive(count: count)
      }()
      for frame in frames(1) { try await pair.near.send([frame]) }
      #expect(try await pair.near.receive(count: count) == frames(2))
      #expect(try await answers == frames(1))

      #expect(pair.near.opening.isAuthenticated == isKeyed)
      let (sent, received) = (pair.near.traffic.sent, pair.far.traffic.received)
      #expect(sent == received)
      #expect(sent[16].frameCount == 14)
      #expect(sent.total.frameCount == count + 2)
      async let close: Void = pair.near.close()
      #expect(try await pair.far.receive() == [])
      await pair.far.close()
      await close
      await #expect(throws: LinkError.transport(.closed)) {
        try await pair.near.send([Frame(kind: 16)])
      }
    }
  }

  @Test(arguments: TestTransport.inWholePieces, [false, true])
  func `the largest frames pass in bulk, both ways at once`(
    kind: TestTransport, isKeyed: Bool
  ) async throws {
    var limits = ChannelLimits()
    limits.highWatermark = 64 << 10
    let count = isKeyed ? 4 : 100
    try await LinkPair.with(kind, secret: isKeyed ? Self.secret : nil, channel: limits) { pair in
      let size = (64 << 10) - FrameLayout.headerByteCount - (isKeyed ? 32 : 4)
      let frame = Frame(kind: 30, payload: [UInt8](repeating: 0xA5, count: size))
      try await withThrowingTaskGroup { group in
        for (sender, receiver) in [(pair.near, pair.far), (pair.far, pair.near)] {
          group.addTask { for _ in 0..<count { try await sender.send([frame]) } }
          group.addTask {
            let received = try await receiver.receive(count: count)
            #expect(received.allSatisfy { $0 == frame })
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `many tasks may send, and the frames of one call stay together`(
    kind: TestTransport
  ) async throws {
    try await LinkPair.with(kind, secret: kind == .memory ? Self.secret : nil) { pair in
      let (tasks, calls) = (8, 5)
      try await withThrowingTaskGroup { group in
        for task in 0..<tasks {
          group.addTask {
            for call in 0..<calls {
              try await pair.near.send(
                (0..<3).map { Frame(kind: 16, stream: UInt32(task), payload: [UInt8(call), $0]) })
            }
          }
        }
        let received = try await pair.far.receive(count: tasks * calls * 3)
        try await group.waitForAll()

        var nextCall = [UInt8](repeating: 0, count: tasks)
        for start in stride(from: 0, to: received.count, by: 3) {
          let stream = received[start].stream
          let expected = (0..<3).map {
            Frame(kind: 16, stream: stream, payload: [nextCall[Int(stream)], $0])
          }
          #expect(Array(received[start..<(start + 3)]) == expected)
          nextCall[Int(stream)] += 1
        }
      }
    }
  }

  @Test func `a cancelled send leaves a link with a secret in step`() async throws {
    var limits = ChannelLimits()
    limits.highWatermark = 10_000
    try await LinkPair.with(.memory, secret: Self.secret, channel: limits) { pair in
      let frame = Frame(kind: 16, payload: [UInt8](repeating: 1, count: 8000))
      // Two are accepted; the third waits, the fourth waits behind it.
      try await pair.near.send([frame])
      try await pair.near.send([frame])
      let waiting = (0..<2).map { _ in
        pair.runtime.spawn(on: Home(index: 0)) { await pair.near.failureOfSending([frame]) }
      }
      for _ in 0..<20 { await Task.yield() }
      for task in waiting.reversed() {
        task.cancel()
        #expect(await task.value == .transport(.cancelled))
      }

      #expect(try await pair.far.receive(count: 2).count == 2)
      try await pair.near.send([Frame(kind: 17)])

      #expect(try await pair.far.receive(count: 1) == [Frame(kind: 17)])
    }
  }

  @Test(arguments: TestTransport.inWholePieces)
  func `a frame that is too large is refused and the link lives on`(
    kind: TestTransport
  ) async throws {
    try await LinkPair.with(kind) { pair in
      let large = Frame(kind: 16, payload: [UInt8](repeating: 0, count: 64 << 10))
      await #expect(
        throws: LinkError.frame(
          .tooLarge(kind: 16, byteCount: (64 << 10) + 16, limit: 64 << 10))
      ) {
        try await pair.near.send([Frame(kind: 16), large])
      }

      try await pair.near.send([Frame(kind: 17)])

      #expect(try await pair.far.receive() == [Frame(kind: 17)])
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `hostile bytes end the link after the good frames before them`(
    kind: TestTransport
  ) async throws {
    let good = Frame(kind: 16, payload: [1, 2, 3])
    var encoder = FrameEncoder(seal: .checksum, limit: 4096)
    let bytes = try encoder.bytes(of: [good])
    func changed(_ offset: Int, _ byte: UInt8) -> [UInt8] {
      var changed = bytes
      changed[offset] = byte
      return changed
    }
    let cases: [([UInt8], LinkError)] = [
      (changed(0, 3), .frame(.lengthOutOfRange(length: 3, limit: (1 << 20) - 4))),
      (changed(3, 0xFF), .frame(.lengthOutOfRange(length: 0xFF00_000F, limit: (1 << 20) - 4))),
      (changed(4, 7), .frame(.unsupportedVersion(7))),
      (changed(7, 1), .frame(.reservedBits(0x100))),
      (changed(13, 9), .frame(.trailerMismatch)),
      (try encoder.bytes(of: [Frame(kind: 2)]), .frame(.unexpectedKind(2))),
      (
        try encoder.bytes(of: [
          Frame(kind: 3, payload: HandshakeRefusal(.busy, "later").payload)
        ]), .refusedByPeer(HandshakeRefusal(.busy, "later"))
      ),
    ]
    for (hostile, expected) in cases {
      try await LinkPair.with(kind) { pair in
        try await pair.nearChannel.write(bytes + hostile)

        #expect(try await pair.far.receive(count: 1) == [good])
        await #expect(throws: expected) { try await pair.far.receive() }
        await #expect(throws: expected) { try await pair.far.receive() }
        await #expect(throws: LinkError.transport(.closed)) { try await pair.far.send([good]) }
      }
    }
  }

  @Test(arguments: TestTransport.allCases, [0, 3, 11, 14])
  func `a peer that dies inside a frame is noticed`(
    kind: TestTransport, byteCount: Int
  ) async throws {
    try await LinkPair.with(kind) { pair in
      var encoder = FrameEncoder(seal: .checksum, limit: 4096)
      let bytes = try encoder.bytes(of: [Frame(kind: 16, payload: [1, 2, 3])])
      try await pair.nearChannel.write(bytes + bytes.prefix(byteCount))
      #expect(try await pair.far.receive().count == 1)
      async let close: Void = pair.nearChannel.close()

      if byteCount == 0 {
        #expect(try await pair.far.receive() == [])
      } else {
        await #expect(throws: LinkError.frame(.truncated)) { try await pair.far.receive() }
      }
      await pair.far.close()
      await close
    }
  }

  @Test func `a channel that breaks inside a frame is noticed`() async throws {
    try await withLoops { loops in
      let runtime = Runtime.live(loops: loops)
      let handshakeByteCount = try await LinkPair.with(.memory) { pair in
        pair.near.traffic.sent.total.byteCount
      }
      let (near, far) = MemoryChannel.makePair(
        homes: (Home(index: 0), Home(index: 1)), bytesUntilCut: handshakeByteCount + 5)
      let pair = try await LinkPair.open(near, far, secrets: (nil, nil), runtime: runtime)

      try await pair.near.send([Frame(kind: 16)])

      await #expect(throws: LinkError.transport(.reset)) { try await pair.far.receive() }
      await #expect(throws: LinkError.transport(.reset)) { try await pair.near.receive() }
      await #expect(throws: LinkError.transport(.reset)) {
        try await pair.near.send([Frame(kind: 16)])
      }
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `closing ends a waiting receive`(kind: TestTransport) async throws {
    try await LinkPair.with(kind) { pair in
      let receiver = pair.runtime.spawn(on: Home(index: 0)) {
        await pair.near.failureOfReceiving()
      }
      await Task.yield()
      async let far: [Frame] = {
        let end = try await pair.far.receive()
        await pair.far.close()
        return end
      }()
      await pair.near.close()

      #expect(await receiver.value == .transport(.closed))
      let end = try await far
      #expect(end == [])
    }
  }

  @Test func `with a secret one changed byte on the way ends the link`() async throws {
    try await withLoops { loops in
      let runtime = Runtime.live(loops: loops)
      let homes = (Home(index: 0), Home(index: 1))
      // A man in the middle who passes everything on, and in the end one byte too many changed.
      let (near, wireNear) = MemoryChannel.makePair(homes: homes)
      let (wireFar, far) = MemoryChannel.makePair(homes: homes)
      let mustChange = Atomic<Bool>(false)
      let there = runtime.spawn(on: Home(index: 0)) {
        while var bytes = try? await wireNear.read() {
          if mustChange.load(ordering: .relaxed) { bytes[bytes.count / 2] ^= 1 }
          guard await wireFar.failureOfWriting(bytes) == nil else { return }
        }
      }
      let back = runtime.spawn(on: Home(index: 0)) {
        while let bytes = try? await wireFar.read() {
          guard await wireNear.failureOfWriting(bytes) == nil else { return }
        }
      }
      let pair = try await LinkPair.open(
        near, far, secrets: (Self.secret, Self.secret), runtime: runtime)
      try await pair.near.send([Frame(kind: 16, payload: [1])])
      #expect(try await pair.far.receive(count: 1).count == 1)

      mustChange.store(true, ordering: .relaxed)
      try await pair.near.send([Frame(kind: 16, payload: [UInt8](repeating: 5, count: 100))])

      await #expect(throws: LinkError.frame(.trailerMismatch)) { try await pair.far.receive() }
      near.abort()
      wireFar.abort()
      await there.value
      await back.value
    }
  }

  @Test(arguments: TestTransport.inWholePieces)
  func `many links at once`(kind: TestTransport) async throws {
    try await withLoops(kind.method) { loops in
      let runtime = Runtime.live(loops: loops)
      let transport = kind.make(loops: loops)
      let listener = try await transport.listen(
        on: Endpoint(host: "127.0.0.1", port: 0), homes: [Home(index: 0), Home(index: 1)])
      try await withThrowingTaskGroup { group in
        for index in 0..<20 {
          let near = try await transport.connect(to: listener.endpoint, on: Home(index: index))
          let far = try #require(try await listener.accept())
          group.addTask {
            let pair = try await LinkPair.open(near, far, secrets: (nil, nil), runtime: runtime)
            for round in 0..<20 {
              let frame = Frame(kind: 16, stream: UInt32(index), payload: [UInt8(round)])
              try await pair.near.send([frame])
              #expect(try await pair.far.receive() == [frame])
              try await pair.far.send([frame])
              #expect(try await pair.near.receive() == [frame])
            }
            pair.near.abort()
          }
        }
        try await group.waitForAll()
      }
      await listener.close()
    }
  }
}
