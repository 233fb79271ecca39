package import EkkoCore

extension Link {
  /// Opens a link over a channel that this side has connected.
  ///
  /// The channel belongs to the link from here on, and is ended if none comes about. The call takes
  /// no longer than the handshake's timeout and the channel's close.
  ///
  /// - Parameter expecting: the node that must be at the other end; `nil` takes any.
  package static func open(
    _ channel: any ByteChannel, as identity: LinkIdentity, secret: SharedSecret? = nil,
    expecting node: NodeID? = nil, limits: LinkLimits = LinkLimits(), runtime: Runtime
  ) async throws(LinkError) -> Link {
    let handshake = Handshake(
      side: .connector, identity: identity, secret: secret, nonce: Nonce(drawnFrom: runtime),
      expectedNode: node)
    return try await self.establish(channel, handshake, limits: limits, runtime: runtime)
  }

  /// Opens a link over a channel that a listener has accepted.
  ///
  /// - Parameter admission: may refuse who has introduced itself (but not yet proved it).
  package static func accept(
    _ channel: any ByteChannel, as identity: LinkIdentity, secret: SharedSecret? = nil,
    limits: LinkLimits = LinkLimits(), runtime: Runtime,
    admission: @escaping @Sendable (LinkIdentity) -> HandshakeRefusal? = { _ in nil }
  ) async throws(LinkError) -> Link {
    let handshake = Handshake(
      side: .acceptor, identity: identity, secret: secret, nonce: Nonce(drawnFrom: runtime),
      admission: admission)
    return try await self.establish(channel, handshake, limits: limits, runtime: runtime)
  }

  /// Turns an accepted channel away without a handshake, as a full server does.
  package static func refuse(_ channel: any ByteChannel, _ refusal: HandshakeRefusal) async {
    var exchange = HandshakeExchange(channel)
    await exchange.refuse(refusal)
  }

  private static func establish(
    _ channel: any ByteChannel, _ handshake: Handshake, limits: LinkLimits, runtime: Runtime
  ) async throws(LinkError) -> Link {
    let clock = runtime.clock
    let outcome = await withDeadline(limits.handshakeTimeout, clock: clock) {
      () async -> Result<HandshakeExchange.Outcome, LinkError> in
      var exchange = HandshakeExchange(channel)
      do throws(LinkError) {
        return .success(try await exchange.run(handshake, clock: clock))
      } catch {
        return .failure(error)
      }
    }
    switch outcome {
    case .success(let outcome):
      return Link(
        channel, opening: outcome.opening,
        encoder: FrameEncoder(seal: outcome.sending, limit: limits.frames.largestSent),
        decoder: outcome.decoder(limit: limits.frames.largestReceived),
        traffic: outcome.traffic)
    case .failure(let error):
      channel.abort()
      throw error
    case nil:
      channel.abort()
      throw .handshakeTimedOut
    }
  }
}
