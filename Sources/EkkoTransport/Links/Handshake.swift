internal import EkkoCore

/// Decides the opening of one link, for either side: a hello and a finish each way, the connector
/// first (DESIGN §6.1). A value without I/O; its owner carries the frames and the deadline.
struct Handshake: Sendable {
  /// Largest frame before the other side has proved itself.
  static let frameLimit = 4096

  enum Step: Sendable {
    /// Send these and wait for more.
    case proceed([Frame])
    /// Send these; the link is open.
    case opened([Frame], LinkOpening, sending: FrameSeal, receiving: FrameSeal)
    /// Send the refusal and close.
    case refused(HandshakeRefusal)
    /// The other side has refused.
    case refusedByPeer(HandshakeRefusal)
  }

  private enum State: Sendable {
    case awaitingHello
    case awaitingFinish(of: Hello)
    case ended
  }

  private let side: HandshakeSide
  private let identity: LinkIdentity
  private let secret: SharedSecret?
  private let nonce: Nonce
  private let expectedNode: NodeID?
  private let admission: @Sendable (LinkIdentity) -> HandshakeRefusal?
  private var state = State.awaitingHello
  private var ownHello: Hello?
  /// When our last frames were sent, to which the other's next is the answer.
  private var lastSent: Instant?

  init(
    side: HandshakeSide, identity: LinkIdentity, secret: SharedSecret?, nonce: Nonce,
    expectedNode: NodeID? = nil,
    admission: @escaping @Sendable (LinkIdentity) -> HandshakeRefusal? = { _ in nil }
  ) {
    self.side = side
    self.identity = identity
    self.secret = secret
    self.nonce = nonce
    self.expectedNode = expectedNode
    self.admission = admission
  }

  /// What the connector sends first; nothing for the acceptor.
  mutating func start(at now: Instant) -> [Frame] {
    self.side == .connector ? [self.makeHello(at: now)] : []
  }

  mutating func receive(_ frame: Frame, at now: Instant) -> Step {
    do throws(HandshakeRefusal) {
      switch (self.state, frame.kind) {
      case (.ended, _): throw HandshakeRefusal(.malformed, "the handshake has ended")
      case (_, HandshakeKind.refusal):
        self.state = .ended
        // An unreadable refusal is a refusal all the same.
        let refusal = (try? HandshakeRefusal(decoding: frame.payload)) ?? HandshakeRefusal(.other)
        return .refusedByPeer(refusal)
      case (.awaitingHello, HandshakeKind.hello): return try self.receiveHello(frame, at: now)
      case (.awaitingFinish(let remote), HandshakeKind.finish):
        return try self.receiveFinish(frame, from: remote, at: now)
      case (.awaitingHello, _), (.awaitingFinish, _):
        throw HandshakeRefusal(.malformed, "frame of kind \(frame.kind) in a handshake")
      }
    } catch {
      self.state = .ended
      return .refused(error)
    }
  }

  private mutating func makeHello(at now: Instant) -> Frame {
    let hello = Hello(
      identity: self.identity, nonce: self.nonce, wall: now.wall,
      authentication: self.secret == nil ? .none : .secret,
      trailerByteCount: self.secret == nil ? 4 : SHA256Digest.byteCount)
    self.ownHello = hello
    self.lastSent = now
    return Frame(kind: HandshakeKind.hello, payload: hello.payload)
  }

  private mutating func receiveHello(
    _ frame: Frame, at now: Instant
  ) throws(HandshakeRefusal) -> Step {
    let remote = try Hello(decoding: frame.payload, supported: self.identity.wireVersions)
    try self.check(remote)
    self.state = .awaitingFinish(of: remote)
    switch self.side {
    case .connector: return .proceed([])
    case .acceptor:
      let hello = self.makeHello(at: now)
      return .proceed([hello, self.makeFinish(to: remote, at: now)])
    }
  }

  private func check(_ remote: Hello) throws(HandshakeRefusal) {
    let identity = remote.identity
    guard identity.shardFunctionDigest == self.identity.shardFunctionDigest else {
      throw HandshakeRefusal(.shardFunction, "the hashes that place parameters differ")
    }
    guard
      identity.cluster == .unknown || self.identity.cluster == .unknown
        || identity.cluster == self.identity.cluster
    else { throw HandshakeRefusal(.cluster, "this is another cluster") }
    guard identity.incarnation != self.identity.incarnation else {
      throw HandshakeRefusal(.itself, "a node has reached itself")
    }
    if let expectedNode, identity.node != expectedNode {
      throw HandshakeRefusal(.wrongNode, "another node was expected here")
    }
    switch (Authentication(rawValue: remote.authentication), self.secret) {
    case (Authentication.none?, nil):
      guard remote.trailerByteCount == 4 else {
        throw HandshakeRefusal(.malformed, "trailer of \(remote.trailerByteCount) bytes")
      }
    case (.secret?, .some):
      guard Int(remote.trailerByteCount) == SHA256Digest.byteCount else {
        throw HandshakeRefusal(.malformed, "trailer of \(remote.trailerByteCount) bytes")
      }
    case (Authentication.none?, .some):
      throw HandshakeRefusal(.secretRequired, "this side requires the cluster's secret")
    case (.secret?, nil):
      throw HandshakeRefusal(.secretUnexpected, "this side has no secret")
    case (.transportLayerSecurity?, _), (nil, _):
      throw HandshakeRefusal(.authenticationUnsupported, "only a shared secret is spoken here")
    }
    if let refusal = self.admission(identity) { throw refusal }
  }

  private mutating func receiveFinish(
    _ frame: Frame, from remote: Hello, at now: Instant
  ) throws(HandshakeRefusal) -> Step {
    let finish: Finish
    do throws(WireError) {
      finish = try Finish(decoding: frame.payload)
    } catch {
      throw HandshakeRefusal(.malformed, "\(error)")
    }
    let keys = self.keys(with: remote)
    guard finish.proof == keys?.proof(of: self.side.other, wall: finish.wall) else {
      throw HandshakeRefusal(.authenticationFailed, "the secrets differ")
    }
    self.state = .ended
    let opening = self.makeOpening(with: remote, wall: finish.wall, at: now)
    let replies = self.side == .connector ? [self.makeFinish(to: remote, at: now)] : []
    return .opened(
      replies, opening, sending: keys?.seal(for: self.side) ?? .checksum,
      receiving: keys?.seal(for: self.side.other) ?? .checksum)
  }

  private func makeFinish(to remote: Hello, at now: Instant) -> Frame {
    let proof = self.keys(with: remote)?.proof(of: self.side, wall: now.wall.microseconds)
    let finish = Finish(wall: now.wall, proof: proof)
    return Frame(kind: HandshakeKind.finish, payload: finish.payload)
  }

  private func keys(with remote: Hello) -> HandshakeKeys? {
    guard let secret, let ownHello else { return nil }
    return self.side == .connector
      ? HandshakeKeys(secret: secret, connector: ownHello, acceptor: remote)
      : HandshakeKeys(secret: secret, connector: remote, acceptor: ownHello)
  }

  /// The other side stamped its wall time between our last sending and now, at a moment we take to
  /// be the middle.
  private func makeOpening(with remote: Hello, wall: UInt64, at now: Instant) -> LinkOpening {
    let sent = self.lastSent ?? now
    let half = sent.monotonic.duration(to: now.monotonic) / 2
    let difference = Int64(wall) - Int64(sent.wall.microseconds)
    let versions = self.identity.wireVersions.clamped(to: remote.identity.wireVersions)
    return LinkOpening(
      remote: remote.identity,
      cluster: self.identity.cluster == .unknown
        ? remote.identity.cluster : self.identity.cluster,
      wireVersion: versions.upperBound,
      features: self.identity.features & remote.identity.features,
      wallClockOffset: .microseconds(difference) - half, wallClockUncertainty: half,
      isAuthenticated: self.secret != nil)
  }
}
