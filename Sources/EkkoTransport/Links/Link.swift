package import EkkoCore
internal import Synchronization

/// An opened link: frames in order in both directions, over any byte channel (DESIGN §6.1).
///
/// Promises those of `ByteChannel`, for whole frames; with a secret also that every frame comes from
/// a holder of it, unchanged and in its place. Any number of tasks may send, and are served in the
/// order of their calls; one receives. Sending and receiving do not wait for each other. Back-
/// pressure is the channel's: `send` waits while too much is unsent.
///
/// Not an actor: frames are coded where the caller is, so that none has to go through a third place.
package final class Link: Sendable {
  package let opening: LinkOpening
  package let home: Home
  private let channel: any ByteChannel
  /// Lets senders through one at a time; `sending` is only changed by who is inside.
  private let turnstile = Turnstile()
  private let sending: Guarded<Sending>
  private let receiving: Guarded<Receiving>
  private let phase = Atomic<UInt64>(0)
  private let pace = Guarded(SendPace())

  private struct Sending {
    var encoder: FrameEncoder
    var traffic: LinkTraffic.Direction
  }

  init(
    _ channel: any ByteChannel, opening: LinkOpening, encoder: FrameEncoder, decoder: FrameDecoder,
    traffic: LinkTraffic
  ) {
    self.opening = opening
    self.home = channel.home
    self.channel = channel
    self.sending = Guarded(Sending(encoder: encoder, traffic: traffic.sent))
    self.receiving = Guarded(Receiving(decoder: decoder, traffic: traffic.received))
  }

  package var remote: LinkIdentity { self.opening.remote }

  package var traffic: LinkTraffic {
    LinkTraffic(
      sent: self.sending.withLock(\.traffic), received: self.receiving.withLock(\.traffic))
  }

  /// Sends `frames` in one write, in order, with nothing of another call between them. Returns when
  /// the channel has accepted them. With `cancelled` or `tooLarge` none was sent and the link lives
  /// on; with any other error it does not.
  package func send(_ frames: [Frame]) async throws(LinkError) {
    for frame in frames {
      precondition(frame.kind >= Frame.firstFreeKind, "kind \(frame.kind) is the link's own")
    }
    guard !frames.isEmpty else { return }
    guard await self.turnstile.enter() else { throw .transport(.cancelled) }
    defer { self.turnstile.leave() }
    let (pieces, sealBefore) = try self.encode(frames)
    self.phase.add(1, ordering: .relaxed)
    defer { self.phase.add(1, ordering: .relaxed) }
    do throws(TransportError) {
      try await self.channel.write(pieces)
    } catch {
      // Nothing was accepted, so these numbers are still free. The turnstile keeps others out.
      if case .cancelled = error { self.sending.withLock { $0.encoder.seal = sealBefore } }
      throw .transport(error)
    }
    self.sending.withLock { sending in
      for frame in frames {
        sending.traffic.count(
          kind: frame.kind, byteCount: sending.encoder.byteCount(of: frame))
      }
    }
  }

  /// The bytes of `frames`, and the seal to go back to where none of them is sent.
  private func encode(
    _ frames: [Frame]
  ) throws(LinkError) -> ([ArraySlice<UInt8>], FrameSeal) {
    do throws(FrameError) {
      return try self.sending.withLock { sending throws(FrameError) in
        let seal = sending.encoder.seal
        return (try sending.encoder.encode(frames), seal)
      }
    } catch {
      throw .frame(error)
    }
  }

  /// Goes up when a write to the channel begins and when it ends.
  package var sendPhase: UInt64 { self.phase.load(ordering: .relaxed) }

  /// Whether a write is under way in this phase.
  package static func isSending(in phase: UInt64) -> Bool { phase % 2 == 1 }

  /// Whether a send would wait now.
  package var isFull: Bool { self.channel.isFull }

  /// When to make what is sent next, and how much, if it should be as new as can be when it leaves;
  /// `nil` where nothing is known of the way. To be asked each time before something is made and sent.
  package func nextTurn(at now: MonotonicTime) -> SendPace.Turn? {
    guard let path = self.channel.path else { return nil }
    let outflow = self.channel.outflow
    return self.pace.withLock { $0.nextTurn(outflow, over: path, at: now) }
  }

  /// How far the bytes of what was sent have come.
  package var outflow: Outflow { self.channel.outflow }

  /// Every whole frame in the bytes that are there, at least one; none at the orderly end. Bytes
  /// that are no frames end the link, after the frames before them have been answered.
  package func receive() async throws(LinkError) -> [Frame] {
    self.receiving.withLock { receiving in
      precondition(!receiving.isUnderWay, "a link has one receiver")
      receiving.isUnderWay = true
    }
    defer { self.receiving.withLock { $0.isUnderWay = false } }
    while true {
      let (frames, failure) = self.receiving.withLock { ($0.takeFrames(), $0.failure) }
      if failure != nil { self.channel.abort() }
      if !frames.isEmpty { return frames }
      if let failure { throw failure }
      if try await !self.readMore(), self.receiving.withLock({ $0.isOrderlyEnd() }) { return [] }
    }
  }

  /// Answers whether there was more.
  private func readMore() async throws(LinkError) -> Bool {
    var (bytes, room) = self.receiving.withLock { $0.decoder.startReading() }
    // Back also when cancelled in the middle of a frame.
    defer { self.receiving.withLock { $0.decoder.finishReading(bytes) } }
    do throws(TransportError) {
      return try await self.channel.read(into: &bytes, room: room)
    } catch {
      throw .transport(error)
    }
  }

  /// Ends the link in order; see `ByteChannel.close()`.
  package func close() async { await self.channel.close() }

  /// Ends the link at once.
  package func abort() { self.channel.abort() }
}

extension Link {
  /// The frames in what was received, up to the first that makes no sense.
  private struct Receiving {
    var decoder: FrameDecoder
    var traffic: LinkTraffic.Direction
    var isUnderWay = false
    /// Why nothing is taken any more.
    private(set) var failure: LinkError?

    init(decoder: FrameDecoder, traffic: LinkTraffic.Direction) {
      self.decoder = decoder
      self.traffic = traffic
    }

    mutating func takeFrames() -> [Frame] {
      var frames: [Frame] = []
      do throws(FrameError) {
        while self.failure == nil, let frame = try self.decoder.next() {
          self.traffic.count(
            kind: frame.kind,
            byteCount: FrameLayout.headerByteCount + frame.payload.count
              + self.decoder.seal.trailerByteCount)
          if frame.kind < Frame.firstFreeKind {
            self.failure = Self.failure(of: frame)
          } else {
            frames.append(frame)
          }
        }
      } catch {
        self.failure = .frame(error)
      }
      return frames
    }

    /// No more will come. An end inside a frame is a failure.
    mutating func isOrderlyEnd() -> Bool {
      if self.decoder.isMidFrame { self.failure = .frame(.truncated) }
      return self.failure == nil
    }

    /// What a frame of the handshake means once that is over: a late refusal, or nonsense.
    private static func failure(of frame: Frame) -> LinkError {
      guard frame.kind == HandshakeKind.refusal else { return .frame(.unexpectedKind(frame.kind)) }
      return .refusedByPeer(
        (try? HandshakeRefusal(decoding: frame.payload)) ?? HandshakeRefusal(.other))
    }
  }
}
