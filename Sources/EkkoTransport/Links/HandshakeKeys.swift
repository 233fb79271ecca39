internal import EkkoCore

/// Which side of a handshake: who opened the channel, or who took it.
enum HandshakeSide: UInt8, Hashable, Sendable {
  case connector = 1
  case acceptor = 2

  var other: HandshakeSide { self == .connector ? .acceptor : .connector }
}

/// What both sides compute from the secret and the two hellos they exchanged.
///
/// Every code covers the side it speaks for, both node ids, both nonces and a digest of both hellos
/// whole: nothing of them can be changed, replayed, or sent back to whom it came from.
struct HandshakeKeys: Sendable {
  private let secret: SharedSecret
  private let transcript: [UInt8]

  init(secret: SharedSecret, connector: Hello, acceptor: Hello) {
    var messages = ByteWriter()
    for hello in [connector, acceptor] {
      let payload = hello.payload
      messages.write(UInt32(payload.count))
      messages.write(bytes: payload)
    }
    // Bytes have no padding to expose.
    let digest = unsafe SHA256.digest(of: messages.bytes.span.bytes)
    var transcript = ByteWriter()
    transcript.write(connector.identity.node.rawValue)
    transcript.write(acceptor.identity.node.rawValue)
    transcript.write(bytes: connector.nonce.bytes)
    transcript.write(bytes: acceptor.nonce.bytes)
    transcript.write(bytes: digest.bytes)
    self.secret = secret
    self.transcript = transcript.bytes
  }

  /// What `side` sends to show that it knows the secret; it also covers the wall time sent with it.
  func proof(of side: HandshakeSide, wall: UInt64) -> SHA256Digest {
    self.code(purpose: "ekko proof 1", side: side, wall: wall)
  }

  /// The seal of the frames that `side` sends.
  func seal(for side: HandshakeSide) -> FrameSeal {
    FrameSeal(key: self.code(purpose: "ekko frames 1", side: side))
  }

  private func code(purpose: String, side: HandshakeSide, wall: UInt64 = 0) -> SHA256Digest {
    var message = ByteWriter()
    message.write(text: purpose)
    message.write(side.rawValue)
    message.write(wall)
    message.write(bytes: self.transcript)
    return self.secret.code(for: message.bytes)
  }
}
