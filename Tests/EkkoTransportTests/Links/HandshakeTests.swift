import EkkoCore
import Testing

@testable import EkkoTransport

/// The handshake's decisions, two values talking without a channel.
@Suite struct HandshakeTests {
  static let secret = SharedSecret(bytes: Array("a shared secret".utf8))

  static func identity(_ name: String, incarnation: UInt64) -> LinkIdentity {
    LinkIdentity(
      name: name, incarnation: IncarnationID(rawValue: incarnation), roles: .training,
      dataCentre: "dc1", zone: "z", form: .full)
  }

  static let near = Self.identity("near", incarnation: 1)
  static let far = Self.identity("far", incarnation: 2)

  static func nonce(_ seed: UInt64) -> Nonce {
    let bytes = (0..<32).map { UInt8(truncatingIfNeeded: UInt64($0) &+ seed) }
    var reader = ByteReader(bytes.span)
    guard let nonce = try? Nonce(decoding: &reader) else { preconditionFailure("32 bytes") }
    return nonce
  }

  static func instant(_ microseconds: Int64, wallOffset: Int64 = 0) -> Instant {
    Instant(
      monotonic: MonotonicTime(nanoseconds: microseconds * 1000),
      wall: WallTime(microseconds: UInt64(1_000_000 + microseconds + wallOffset)))
  }

  /// How one side ended.
  enum Ending: Equatable {
    case open(LinkOpening)
    case refused(HandshakeRefusal.Reason)
    case refusedByPeer(HandshakeRefusal.Reason)
    case waiting
  }

  /// Lets the two sides talk; `change` may alter each payload on its way. A step takes 10 ms, and the
  /// acceptor's wall is 3 s ahead.
  static func run(
    near: LinkIdentity = Self.near, nearSecret: SharedSecret? = nil, expecting: NodeID? = nil,
    far: LinkIdentity = Self.far, farSecret: SharedSecret? = nil,
    refusal: HandshakeRefusal? = nil,
    change: (HandshakeSide, Int, [UInt8]) -> [UInt8] = { $2 }
  ) -> (near: Ending, far: Ending) {
    var sides = [
      Handshake(
        side: .connector, identity: near, secret: nearSecret, nonce: Self.nonce(1),
        expectedNode: expecting),
      Handshake(
        side: .acceptor, identity: far, secret: farSecret, nonce: Self.nonce(2),
        admission: { _ in refusal }),
    ]
    var endings = [Ending.waiting, .waiting]
    var time: Int64 = 0
    func now(_ side: Int) -> Instant { Self.instant(time, wallOffset: side == 1 ? 3_000_000 : 0) }
    var messageCount = 0
    var inFlight = sides[0].start(at: now(0)).map { (to: 1, frame: $0) }
    while !inFlight.isEmpty {
      time += 10_000
      let arriving = inFlight
      inFlight = []
      for (target, frame) in arriving where endings[target] == .waiting {
        let payload = change(
          target == 1 ? .connector : .acceptor, messageCount, Array(frame.payload))
        messageCount += 1
        let step = sides[target].receive(
          Frame(kind: frame.kind, payload: payload), at: now(target))
        switch step {
        case .proceed(let replies): inFlight += replies.map { (1 - target, $0) }
        case .opened(let replies, let opening, _, _):
          inFlight += replies.map { (1 - target, $0) }
          endings[target] = .open(opening)
        case .refused(let refusal):
          endings[target] = .refused(refusal.reason)
          inFlight.append(
            (1 - target, Frame(kind: HandshakeKind.refusal, payload: refusal.payload)))
        case .refusedByPeer(let refusal): endings[target] = .refusedByPeer(refusal.reason)
        }
      }
    }
    return (endings[0], endings[1])
  }

  @Test(arguments: [nil, Self.secret])
  func `two nodes that agree open the link and know each other`(secret: SharedSecret?) {
    let (near, far) = Self.run(nearSecret: secret, farSecret: secret)

    func opening(_ remote: LinkIdentity, offset: Duration) -> Ending {
      .open(
        LinkOpening(
          remote: remote, cluster: .unknown, wireVersion: 1, features: 0, wallClockOffset: offset,
          wallClockUncertainty: .milliseconds(10), isAuthenticated: secret != nil))
    }
    #expect(near == opening(Self.far, offset: .seconds(3)))
    #expect(far == opening(Self.near, offset: .seconds(-3)))
  }

  @Test func `a joining node adopts the cluster, and features are those of both`() {
    var (near, far) = (Self.near, Self.far)
    far.cluster = ClusterID(rawValue: 77)
    (near.features, far.features) = (0b0110, 0b1100)

    let (nearEnding, farEnding) = Self.run(near: near, far: far)

    guard case .open(let nearOpening) = nearEnding, case .open(let farOpening) = farEnding else {
      Issue.record("\(nearEnding) \(farEnding)")
      return
    }
    #expect(nearOpening.cluster == ClusterID(rawValue: 77))
    #expect(farOpening.cluster == ClusterID(rawValue: 77))
    #expect(nearOpening.features == 0b0100)
    #expect(farOpening.features == 0b0100)
  }

  /// A change to one side's identity and the refusal it earns.
  enum Disagreement: CaseIterable {
    case version, cluster, shardFunction, itself

    func apply(to identity: inout LinkIdentity) {
      switch self {
      case .version: identity.wireVersions = 2...3
      case .cluster: identity.cluster = ClusterID(rawValue: 2)
      case .shardFunction: identity.shardFunctionDigest ^= 1
      case .itself: identity.incarnation = IncarnationID(rawValue: 2)
      }
    }

    var reason: HandshakeRefusal.Reason {
      switch self {
      case .version: .version
      case .cluster: .cluster
      case .shardFunction: .shardFunction
      case .itself: .itself
      }
    }
  }

  @Test(arguments: Disagreement.allCases)
  func `nodes that must not talk are refused with the reason`(disagreement: Disagreement) {
    var (near, far) = (Self.near, Self.far)
    far.cluster = ClusterID(rawValue: 1)
    disagreement.apply(to: &near)

    let endings = Self.run(near: near, far: far)

    #expect(endings.near == .refusedByPeer(disagreement.reason))
    #expect(endings.far == .refused(disagreement.reason))
  }

  @Test func `a secret on one side only, a wrong one, a wrong node, a full server`() {
    #expect(Self.run(farSecret: Self.secret).near == .refusedByPeer(.secretRequired))
    #expect(Self.run(nearSecret: Self.secret).near == .refusedByPeer(.secretUnexpected))
    let wrong = Self.run(nearSecret: Self.secret, farSecret: SharedSecret(bytes: [1]))
    #expect(wrong.near == .refused(.authenticationFailed))
    #expect(wrong.far == .refusedByPeer(.authenticationFailed))
    #expect(Self.run(expecting: NodeID(name: "other")).far == .refusedByPeer(.wrongNode))
    #expect(Self.run(refusal: HandshakeRefusal(.busy)).near == .refusedByPeer(.busy))
  }

  @Test func `reserved and unknown authentication is refused`() {
    for value in [2, 9] as [UInt8] {
      let endings = Self.run { _, index, payload in
        guard index == 0 else { return payload }
        var changed = payload
        changed[changed.count - 2] = value
        return changed
      }
      #expect(endings.far == .refused(.authenticationUnsupported))
    }
  }

  @Test func `a stranger's first bytes are told apart from a broken hello`() {
    let stranger = Self.run { _, index, payload in
      index == 0 ? Array("GET / HTTP/1.1\r\n".utf8) : payload
    }
    #expect(stranger.far == .refused(.wrongMagic))
    let longer = Self.run { _, index, payload in index == 0 ? payload + [0] : payload }
    #expect(longer.far == .refused(.malformed))
  }

  @Test func `with a secret no changed byte of any message opens both sides`() {
    var lengths: [Int] = []
    _ = Self.run(nearSecret: Self.secret, farSecret: Self.secret) { _, _, payload in
      lengths.append(payload.count)
      return payload
    }
    #expect(lengths.count == 4)
    for (message, length) in lengths.enumerated() {
      for offset in 0..<length {
        let (near, far) = Self.run(nearSecret: Self.secret, farSecret: Self.secret) {
          _, index, payload in
          guard index == message else { return payload }
          var changed = payload
          changed[offset] ^= 0x10
          return changed
        }
        var isOpen = (false, false)
        if case .open = near { isOpen.0 = true }
        if case .open = far { isOpen.1 = true }
        #expect(!(isOpen.0 && isOpen.1), "message \(message), byte \(offset)")
      }
    }
  }

  @Test func `messages cut at any byte are refused`() {
    var lengths: [Int] = []
    _ = Self.run { _, _, payload in
      lengths.append(payload.count)
      return payload
    }
    for (message, length) in lengths.enumerated() {
      for count in 0..<length {
        let (near, far) = Self.run { _, index, payload in
          index == message ? Array(payload.prefix(count)) : payload
        }
        var isOpen = (false, false)
        if case .open = near { isOpen.0 = true }
        if case .open = far { isOpen.1 = true }
        #expect(!(isOpen.0 && isOpen.1), "message \(message), \(count) bytes")
      }
    }
  }

  @Test func `a proof sent back to its maker proves nothing`() throws {
    var acceptor = Handshake(
      side: .acceptor, identity: Self.far, secret: Self.secret, nonce: Self.nonce(2))
    // Without the secret, an attacker can only repeat what it is given.
    let hello = Hello(
      identity: Self.near, nonce: Self.nonce(9), wall: WallTime(microseconds: 1),
      authentication: .secret, trailerByteCount: 32)

    let first = acceptor.receive(
      Frame(kind: HandshakeKind.hello, payload: hello.payload), at: Self.instant(0))
    guard case .proceed(let replies) = first, replies.count == 2 else {
      Issue.record("\(first)")
      return
    }
    let second = acceptor.receive(replies[1], at: Self.instant(1))

    guard case .refused(let refusal) = second else {
      Issue.record("\(second)")
      return
    }
    #expect(refusal.reason == .authenticationFailed)
  }

  @Test func `frames out of place end the handshake`() {
    for kind in [HandshakeKind.finish, 16, 200] {
      var acceptor = Handshake(
        side: .acceptor, identity: Self.far, secret: nil, nonce: Self.nonce(2))
      guard case .refused(let refusal) = acceptor.receive(Frame(kind: kind), at: Self.instant(0))
      else {
        Issue.record("kind \(kind) accepted")
        continue
      }
      #expect(refusal.reason == .malformed)
      guard case .refused = acceptor.receive(Frame(kind: HandshakeKind.hello), at: Self.instant(0))
      else {
        Issue.record("a handshake went on after its end")
        continue
      }
    }
  }

  @Test func `long names are cut between characters`() throws {
    var near = Self.near
    near.dataCentre = String(repeating: "ü", count: 200)
    guard case .open(let opening) = Self.run(near: near).far else {
      Issue.record("not opened")
      return
    }
    #expect(opening.remote.dataCentre == String(repeating: "ü", count: 127))
  }

  @Test func `refusals survive their byte form, and unknown reasons stay refusals`() throws {
    let refusal = HandshakeRefusal(.cluster, "Grüße")
    #expect(try HandshakeRefusal(decoding: refusal.payload[...]) == refusal)
    #expect(try HandshakeRefusal(decoding: [99, 0, 0]) == HandshakeRefusal(.other))
    for count in 0..<refusal.payload.count {
      #expect(throws: WireError.self) {
        try HandshakeRefusal(decoding: refusal.payload.prefix(count))
      }
    }
  }
}
