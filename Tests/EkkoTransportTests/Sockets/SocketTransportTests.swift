import EkkoCore
import Glibc
import Testing

@testable import EkkoTransport

/// What only real sockets do.
@Suite(.timeLimit(.minutes(5))) struct SocketTransportTests {
  @Test func `names are looked up, and unknown ones are an error`() async throws {
    try await withLoops { loops in
      let transport = SocketTransport(loops: loops)
      let home = Home(index: 0)
      let listener = try await transport.listen(
        on: Endpoint(host: "localhost", port: 0), homes: [home])
      #expect(listener.endpoint.host == "127.0.0.1")
      let channel = try await transport.connect(
        to: Endpoint(host: "localhost", port: listener.endpoint.port), on: home)
      channel.abort()
      await listener.close()
      // A name with an empty label goes through the resolver, which needs no network to refuse it.
      await #expect(throws: TransportError.nameNotFound("no..such")) {
        _ = try await transport.connect(to: Endpoint(host: "no..such", port: 1), on: home)
      }
    }
  }

  @Test func `version 6 works where the machine has it`() async throws {
    try await withLoops { loops in
      let transport = SocketTransport(loops: loops)
      let home = Home(index: 0)
      do throws(TransportError) {
        let listener = try await transport.listen(on: Endpoint(host: "::1", port: 0), homes: [home])
        #expect(listener.endpoint.description.hasPrefix("[::1]:"))
        let channel = try await transport.connect(to: listener.endpoint, on: home)
        channel.abort()
        await listener.close()
      } catch {
        #expect(
          [.addressUnavailable, .system(SystemError(code: EAFNOSUPPORT, call: .socket))]
            .contains(error))
      }
    }
  }

  @Test func `the way to the other side is known while the connection stands`() async throws {
    try await withLoops { loops in
      let transport = SocketTransport(loops: loops)
      let home = Home(index: 0)
      let listener = try await transport.listen(
        on: Endpoint(host: "127.0.0.1", port: 0), homes: [home])
      let near = try await transport.connect(to: listener.endpoint, on: home)
      let far = try #require(try await listener.accept())
      try await near.write([1, 2, 3])
      _ = try await far.read()
      let path = try #require(near.path)
      #expect(path.roundTrip < .seconds(1) && path.segmentByteCount > 500)
      near.abort()
      #expect(near.path == nil)
      far.abort()
      await listener.close()
    }
  }

  @Test func `an address of another machine cannot be listened on`() async throws {
    try await withLoops { loops in
      let transport = SocketTransport(loops: loops)
      await #expect(throws: TransportError.addressUnavailable) {
        // A documentation address (RFC 5737).
        _ = try await transport.listen(
          on: Endpoint(host: "192.0.2.1", port: 0), homes: [Home(index: 0)])
      }
    }
  }

  @Test func `a socket that reached itself is refused`() throws {
    let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))
    let bound = try Socket.make(for: address)
    let number = bound.number
    #expect(address.withPointer { bind(number, $0, $1) } == 0)
    // What a dialler of a free port may happen on: the system gives it that very port.
    let own = bound.localAddress
    try bound.connect(to: #require(own))
    var state = SocketState(bound, phase: .connecting, limits: ChannelLimits())

    guard case .failed(let error) = state.checkConnection() else {
      Issue.record("accepted its own reflection")
      return
    }
    #expect(error == .refused)
  }

  @Test(arguments: TestTransport.socketsInWholePieces)
  func `pieces arrive in order, more of them than one call takes`(kind: TestTransport) async throws
  {
    try await ChannelPair.with(kind) { pair in
      let all = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
      var pieces: [ArraySlice<UInt8>] = []
      var start = 0
      while start < all.count {
        let end = min(all.count, start + [0, 1, 13, 900][pieces.count % 4])
        pieces.append(all[start..<end])
        start = end
      }
      #expect(pieces.count > 400)
      try await pair.near.write(pieces)
      async let close: Void = pair.near.close()
      #expect(try await pair.far.readAll() == all)
      await pair.far.close()
      await close
    }
  }

  @Test(arguments: TestTransport.socketsInWholePieces)
  func `an end that comes with the last bytes is noticed`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      for byte in 0..<200 { try await pair.near.write([UInt8(byte)]) }
      async let close: Void = pair.near.close()
      // Every read takes less than it has room for, the last one with the end behind it.
      var count = 0
      var bytes: [UInt8] = []
      while try await pair.far.read(into: &bytes, room: 1 << 16) {
        #expect(bytes.count > count)
        count = bytes.count
      }
      #expect(bytes == Array(0..<200))
      await pair.far.close()
      await close
    }
  }

  @Test(arguments: TestTransport.socketsInWholePieces)
  func `closing sends everything accepted, however slowly it is read`(kind: TestTransport)
    async throws
  {
    var limits = ChannelLimits()
    limits.highWatermark = 16 << 20
    try await ChannelPair.with(kind, limits: limits) { pair in
      // More than the kernel holds, so that the close has to flush.
      try await pair.near.write([UInt8](repeating: 3, count: 12 << 20))
      async let close: Void = pair.near.close()
      var count = 0
      while let bytes = try await pair.far.read() { count += bytes.count }
      #expect(count == 12 << 20)
      await pair.far.close()
      await close
    }
  }

  @Test(arguments: TestTransport.socketsInWholePieces)
  func `a close whose other side never reads ends by its timeout`(kind: TestTransport) async throws
  {
    var limits = ChannelLimits()
    limits.highWatermark = 64 << 20
    limits.closeTimeout = .milliseconds(20)
    try await ChannelPair.with(kind, limits: limits) { pair in
      try await pair.near.write([UInt8](repeating: 3, count: 32 << 20))
      await pair.near.close()
      #expect(await pair.near.failureOfWriting([1]) == .closed)
    }
  }

  @Test(arguments: PollMethod.allCases)
  func `a connect that nobody answers ends by its timeout`(method: PollMethod) async throws {
    var limits = ChannelLimits()
    limits.connectTimeout = .milliseconds(20)
    let fixed = limits
    try await withLoops(method) { loops in
      // A listener whose queue is full answers no further dialler.
      let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))
      let full = try Socket.make(for: address)
      try full.listen(on: address, backlog: 0)
      let bound = full.localAddress
      let endpoint = try #require(bound).endpoint
      let transport = SocketTransport(loops: loops, limits: fixed)
      var channels: [any ByteChannel] = []
      var failure: TransportError?
      while failure == nil, channels.count < 10 {
        do throws(TransportError) {
          channels.append(try await transport.connect(to: endpoint, on: Home(index: 0)))
        } catch {
          failure = error
        }
      }
      #expect(failure == .timedOut)
      for channel in channels { channel.abort() }
    }
  }

  @Test func `channels and listeners leave no descriptor behind, dropped or closed`() async throws {
    // In a process of its own, whose descriptors nobody else opens.
    await #expect(processExitsWith: .success) {
      for method in PollMethod.allCases {
        try await withLoops(method) { loops in
          let transport = SocketTransport(loops: loops)
          let home = Home(index: 0)
          let before = openDescriptors()
          for round in 0..<60 {
            let listener = try await transport.listen(
              on: Endpoint(host: "127.0.0.1", port: 0), homes: [home])
            let near = try await transport.connect(to: listener.endpoint, on: home)
            let far = try #require(try await listener.accept())
            switch round % 3 {
            case 0: near.abort()
            case 1:
              async let close: Void = near.close()
              await far.close()
              await close
              await listener.close()
            default: try await near.write([1])
            }
          }
          // The process opens and closes a few of its own; a leak in one of three ways would be 20.
          precondition(openDescriptors() < before + 10)
        }
      }
    }
  }
}
