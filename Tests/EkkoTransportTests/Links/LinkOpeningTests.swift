import EkkoCore
import Testing

@testable import EkkoTransport

/// How links come about over channels, and how they do not.
@Suite(.timeLimit(.minutes(5))) struct LinkOpeningTests {
  private static let secret = SharedSecret(bytes: Array("a shared secret".utf8))

  /// How both sides ended.
  private static func open(
    _ pair: ChannelPair, near: LinkIdentity = LinkPair.near, far: LinkIdentity = LinkPair.far,
    secrets: (SharedSecret?, SharedSecret?) = (nil, nil), expecting: NodeID? = nil
  ) async -> (near: Result<Link, LinkError>, far: Result<Link, LinkError>) {
    async let farLink: Result<Link, LinkError> = {
      do throws(LinkError) {
        return .success(
          try await Link.accept(pair.far, as: far, secret: secrets.1, runtime: pair.runtime))
      } catch {
        return .failure(error)
      }
    }()
    do throws(LinkError) {
      let link = try await Link.open(
        pair.near, as: near, secret: secrets.0, expecting: expecting, runtime: pair.runtime)
      return (.success(link), await farLink)
    } catch {
      return (.failure(error), await farLink)
    }
  }

  private enum Outcome: Equatable {
    case opened
    case refused(HandshakeRefusal.Reason)
    case refusedByPeer(HandshakeRefusal.Reason)
    case failed(LinkError)

    init(_ result: Result<Link, LinkError>) {
      self =
        switch result {
        case .success: .opened
        case .failure(.refused(let refusal)): .refused(refusal.reason)
        case .failure(.refusedByPeer(let refusal)): .refusedByPeer(refusal.reason)
        case .failure(let error): .failed(error)
        }
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `a refusal is told to the other side`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      var (near, far) = (LinkPair.near, LinkPair.far)
      (near.cluster, far.cluster) = (ClusterID(rawValue: 1), ClusterID(rawValue: 2))
      let (nearResult, farResult) = await Self.open(pair, near: near, far: far)
      #expect(Outcome(nearResult) == .refusedByPeer(.cluster))
      #expect(Outcome(farResult) == .refused(.cluster))
    }
    try await ChannelPair.with(kind) { pair in
      let (near, far) = await Self.open(pair, secrets: (nil, Self.secret))
      #expect(Outcome(near) == .refusedByPeer(.secretRequired))
      #expect(Outcome(far) == .refused(.secretRequired))
    }
    try await ChannelPair.with(kind) { pair in
      let (near, far) = await Self.open(pair, expecting: NodeID(name: "another"))
      #expect(Outcome(near) == .refused(.wrongNode))
      #expect(Outcome(far) == .refusedByPeer(.wrongNode))
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `a full server turns away without a handshake`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      async let refused: Void = Link.refuse(pair.far, HandshakeRefusal(.busy, "512 links"))
      await #expect(throws: LinkError.refusedByPeer(HandshakeRefusal(.busy, "512 links"))) {
        try await Link.open(pair.near, as: LinkPair.near, runtime: pair.runtime)
      }
      await refused
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `a stranger is told and turned away`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      let accepted = pair.runtime.spawn(on: Home(index: 1)) { () async -> LinkError? in
        do throws(LinkError) {
          _ = try await Link.accept(pair.far, as: LinkPair.far, runtime: pair.runtime)
          return nil
        } catch {
          return error
        }
      }
      try await pair.near.write(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))

      let answer = try await pair.near.readAll()
      await pair.near.close()

      guard case .refused(let refusal)? = await accepted.value else {
        Issue.record("not refused")
        return
      }
      #expect(refusal.reason == .malformed)
      var decoder = FrameDecoder(seal: .checksum, limit: 4096)
      decoder.feed(answer)
      let frame = try #require(try decoder.next())
      #expect(try HandshakeRefusal(decoding: frame.payload) == refusal)
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `a peer that says nothing is given up at the deadline`(kind: TestTransport) async throws {
    try await withLoops(kind.method) { loops in
      let runtime = Runtime.live(loops: loops, clock: HastyClock())
      let transport = kind.make(loops: loops)
      let listener = try await transport.listen(
        on: Endpoint(host: "127.0.0.1", port: 0), homes: [Home(index: 1)])
      let near = try await transport.connect(to: listener.endpoint, on: Home(index: 0))
      let far = try #require(try await listener.accept())
      await #expect(throws: LinkError.handshakeTimedOut) {
        try await Link.open(near, as: LinkPair.near, runtime: runtime)
      }
      #expect(await far.readUntilFailure().1 == .reset)
      await listener.close()
    }
  }

  @Test(arguments: TestTransport.allCases)
  func `a cancelled opening ends at once`(kind: TestTransport) async throws {
    try await ChannelPair.with(kind) { pair in
      let opening = pair.runtime.spawn(on: Home(index: 0)) { () async -> LinkError? in
        do throws(LinkError) {
          _ = try await Link.open(pair.near, as: LinkPair.near, runtime: pair.runtime)
          return nil
        } catch {
          return error
        }
      }
      await Task.yield()
      opening.cancel()
      #expect(await opening.value == .transport(.cancelled))
    }
  }

  @Test func `a hello above 4 KiB is refused by its header alone`() async throws {
    try await ChannelPair.with(.memory) { pair in
      async let refused: LinkError? = {
        do throws(LinkError) {
          _ = try await Link.accept(pair.far, as: LinkPair.far, runtime: pair.runtime)
          return nil
        } catch {
          return error
        }
      }()
      try await pair.near.write([0xFD, 0x0F, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0])
      let answer = try await pair.near.readAll()
      #expect(!answer.isEmpty)
      guard case .refused(let refusal)? = await refused else {
        Issue.record("not refused")
        return
      }
      #expect(refusal.reason == .malformed)
    }
  }
}

/// A clock on which every wait is over at once.
private struct HastyClock: RuntimeClock {
  func now() -> Instant { SystemClock().now() }
  func sleep(until deadline: MonotonicTime) async throws { try Task.checkCancellation() }
}
