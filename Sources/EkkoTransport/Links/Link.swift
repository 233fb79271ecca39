package import EkkoCore
internal import Synchronization

/// An opened link: frames in order in both directions, over any byte channel (DESIGN §6.1).
///
/// Promises those of `ByteChannel`, for whole frames; with a secret also that every frame comes from
/// a holder of it, unchanged and in its place. Any number of tasks may send, and are served in the
/// order of their calls; one receives. Sending and receiving do not wait for each other. Back-
/// pressure is the channel's: `send` waits while too much is unsent.
package actor Link {
  nonisolated package let opening: LinkOpening
  nonisolated package let home: Home
  private let executor: ActorExecutor
  private let channel: any ByteChannel
  private var encoder: FrameEncoder
  private var decoder: FrameDecoder
  private let turnstile = Turnstile()
  private let phase = Atomic<UInt64>(0)
  private var receiveFailure: LinkError?
  private var isReceiving = false
  package private(set) var traffic: LinkTraffic

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  init(
    _ channel: any ByteChannel, opening: LinkOpening, encoder: FrameEncoder, decoder: FrameDecoder,
    traffic: LinkTraffic, runtime: Runtime
  ) {
    self.opening = opening
    self.home = channel.home
    self.executor = runtime.executor(for: channel.home)
    self.channel = channel
    self.encoder = encoder
    self.decoder = decoder
    self.traffic = traffic
  }

  nonisolated package var remote: LinkIdentity { self.opening.remote }

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
    let sealBefore = self.encoder.seal
    let bytes: [UInt8]
    do throws(FrameError) { bytes = try self.encoder.encode(frames) } catch { throw .frame(error) }
    self.phase.add(1, ordering: .relaxed)
    defer { self.phase.add(1, ordering: .relaxed) }
    do throws(TransportError) {
      try await self.channel.write(bytes)
    } catch {
      // Nothing was accepted, so these numbers are still free. The turnstile keeps others out.
      if case .cancelled = error { self.encoder.seal = sealBefore }
      throw .transport(error)
    }
    for frame in frames {
      self.traffic.countSent(kind: frame.kind, byteCount: self.encoder.byteCount(of: frame))
    }
  }

  /// Goes up when a write to the channel begins and when it ends.
  nonisolated package var sendPhase: UInt64 { self.phase.load(ordering: .relaxed) }

  /// Whether a write is under way in this phase.
  package static func isSending(in phase: UInt64) -> Bool { phase % 2 == 1 }

  /// Whether a send would wait now.
  nonisolated package var isFull: Bool { self.channel.isFull }

  /// How far the bytes of what was sent have come.
  nonisolated package var outflow: Outflow { self.channel.outflow }

  /// Every whole frame in the bytes that are there, at least one; none at the orderly end. Bytes
  /// that are no frames end the link, after the frames before them have been answered.
  package func receive() async throws(LinkError) -> [Frame] {
    precondition(!self.isReceiving, "a link has one receiver")
    self.isReceiving = true
    defer { self.isReceiving = false }
    while true {
      let frames = self.decodeAvailable()
      if !frames.isEmpty { return frames }
      if let receiveFailure = self.receiveFailure { throw receiveFailure }
      let bytes: [UInt8]?
      do throws(TransportError) { bytes = try await self.channel.read() } catch {
        throw .transport(error)
      }
      if let bytes {
        self.decoder.feed(bytes)
      } else if self.decoder.isMidFrame {
        self.fail(.frame(.truncated))
      } else {
        return []
      }
    }
  }

  /// Ends the link in order; see `ByteChannel.close()`.
  nonisolated package func close() async { await self.channel.close() }

  /// Ends the link at once.
  nonisolated package func abort() { self.channel.abort() }

  private func decodeAvailable() -> [Frame] {
    var frames: [Frame] = []
    guard self.receiveFailure == nil else { return frames }
    do throws(FrameError) {
      while let frame = try self.decoder.next() {
        let byteCount =
          FrameLayout.headerByteCount + frame.payload.count + self.decoder.seal.trailerByteCount
        self.traffic.countReceived(kind: frame.kind, byteCount: byteCount)
        if frame.kind < Frame.firstFreeKind {
          self.fail(Self.failure(of: frame))
          return frames
        }
        frames.append(frame)
      }
    } catch {
      self.fail(.frame(error))
    }
    return frames
  }

  private func fail(_ error: LinkError) {
    self.receiveFailure = error
    self.channel.abort()
  }

  /// What a frame of the handshake means once that is over: a late refusal, or nonsense.
  private static func failure(of frame: Frame) -> LinkError {
    guard frame.kind == HandshakeKind.refusal else { return .frame(.unexpectedKind(frame.kind)) }
    return .refusedByPeer(
      (try? HandshakeRefusal(decoding: frame.payload)) ?? HandshakeRefusal(.other))
  }
}
