internal import EkkoCore

/// Carries the frames of one handshake over its channel.
struct HandshakeExchange: Sendable {
  /// An opened link's parts.
  struct Outcome: Sendable {
    let opening: LinkOpening
    let sending: FrameSeal
    let receiving: FrameSeal
    let traffic: LinkTraffic
    fileprivate let decoder: FrameDecoder

    /// Goes on with what was received behind the handshake, under the link's own rules.
    func decoder(limit: Int) -> FrameDecoder {
      var decoder = self.decoder
      decoder.seal = self.receiving
      decoder.limit = limit
      return decoder
    }
  }

  private let channel: any ByteChannel
  private var encoder = FrameEncoder(seal: .checksum, limit: Handshake.frameLimit)
  private var decoder = FrameDecoder(seal: .checksum, limit: Handshake.frameLimit)
  private var traffic = LinkTraffic()

  init(_ channel: any ByteChannel) { self.channel = channel }

  /// Ends with an open link or an error; a refusal of ours has then been sent.
  mutating func run(
    _ handshake: Handshake, clock: any RuntimeClock
  ) async throws(LinkError) -> Outcome {
    var handshake = handshake
    try await self.sendOrLearnWhy(handshake.start(at: clock.now()))
    while true {
      let frame: Frame?
      do throws(FrameError) { frame = try self.decoder.next() } catch {
        let refusal = HandshakeRefusal(.malformed, "\(error)")
        await self.refuse(refusal)
        throw .refused(refusal)
      }
      guard let frame else {
        try await self.readMore()
        continue
      }
      let byteCount = FrameLayout.headerByteCount + frame.payload.count + 4
      self.traffic.countReceived(kind: frame.kind, byteCount: byteCount)
      switch handshake.receive(frame, at: clock.now()) {
      case .proceed(let replies):
        try await self.sendOrLearnWhy(replies)
      case .opened(let replies, let opening, let sending, let receiving):
        try await self.sendOrLearnWhy(replies)
        return Outcome(
          opening: opening, sending: sending, receiving: receiving, traffic: self.traffic,
          decoder: self.decoder)
      case .refused(let refusal):
        await self.refuse(refusal)
        throw .refused(refusal)
      case .refusedByPeer(let refusal):
        throw .refusedByPeer(refusal)
      }
    }
  }

  /// Says why, and closes in order, so that the words arrive.
  mutating func refuse(_ refusal: HandshakeRefusal) async {
    do throws(LinkError) {
      try await self.send([Frame(kind: HandshakeKind.refusal, payload: refusal.payload)])
    } catch {
      // The other side has gone and needs no reason any more.
      self.channel.abort()
      return
    }
    await self.channel.close()
  }

  /// Sends, and if the other side has gone, looks for the refusal that it may have left.
  private mutating func sendOrLearnWhy(_ frames: [Frame]) async throws(LinkError) {
    do throws(LinkError) {
      try await self.send(frames)
    } catch {
      guard case .transport(.reset) = error else { throw error }
      if let refusal = await self.findRefusal() { throw .refusedByPeer(refusal) }
      throw error
    }
  }

  private mutating func findRefusal() async -> HandshakeRefusal? {
    do {
      while true {
        while let frame = try self.decoder.next() {
          guard frame.kind == HandshakeKind.refusal else { continue }
          return try HandshakeRefusal(decoding: frame.payload)
        }
        try await self.readMore()
      }
    } catch {
      // Nothing to be learnt: the failure to send stands.
      return nil
    }
  }

  private mutating func readMore() async throws(LinkError) {
    var (bytes, room) = self.decoder.startReading()
    defer { self.decoder.finishReading(bytes) }
    do throws(TransportError) {
      guard try await self.channel.read(into: &bytes, room: room) else { throw .reset }
    } catch {
      throw .transport(error)
    }
  }

  private mutating func send(_ frames: [Frame]) async throws(LinkError) {
    guard !frames.isEmpty else { return }
    let pieces: [ArraySlice<UInt8>]
    do throws(FrameError) { pieces = try self.encoder.encode(frames) } catch { throw .frame(error) }
    do throws(TransportError) { try await self.channel.write(pieces) } catch {
      throw .transport(error)
    }
    for frame in frames {
      self.traffic.countSent(kind: frame.kind, byteCount: self.encoder.byteCount(of: frame))
    }
  }
}
