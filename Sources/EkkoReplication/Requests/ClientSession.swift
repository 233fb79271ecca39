internal import EkkoCore
internal import EkkoTransport

/// The requests of one link: each is answered in a task of its own, so that a slow one keeps no
/// other waiting. Bounded in number and bytes; beyond that the client is told to come again.
final class ClientSession: RequestSession {
  private let link: Link
  private let server: RequestServer
  private let state = Guarded(State())
  private let clock: any RuntimeClock

  private struct State {
    var assembler = MessageAssembler(byteLimit: ClientSession.byteLimit)
    /// By stream, what cancels the request.
    var open: [UInt32: Wakeup] = [:]
  }

  /// Requests of one link under way at a time.
  private static let requestLimit = 64
  private static let byteLimit = 32 << 20
  private static let retryAfter = Duration.milliseconds(20)

  init(link: Link, server: RequestServer, runtime: Runtime) {
    self.link = link
    self.server = server
    self.clock = runtime.clock
  }

  func receive(_ frame: Frame, in group: inout DiscardingTaskGroup) -> Bool {
    switch frame.kind {
    case RequestFrameKind.request:
      guard let step = self.state.withLock({ try? $0.assembler.take(frame) }) else { return false }
      switch step {
      case .incomplete: break
      case .full(let stream): self.refuse(stream, in: &group)
      case .complete(let message): self.begin(message, in: &group)
      }
      return true
    case RequestFrameKind.cancel:
      let cancelled = self.state.withLock { $0.open[frame.stream] }
      cancelled?.signal()
      return true
    default:
      return false
    }
  }

  private func refuse(_ stream: UInt32, in group: inout DiscardingTaskGroup) {
    group.addTask {
      _ = await self.send(.failed(.busy(retryAfter: Self.retryAfter)), on: stream)
    }
  }

  private func begin(_ message: Message, in group: inout DiscardingTaskGroup) {
    let cancellation = Wakeup()
    let isAdmitted = self.state.withLock { state in
      guard state.open.count < Self.requestLimit, state.open[message.stream] == nil else {
        return false
      }
      state.open[message.stream] = cancellation
      return true
    }
    guard isAdmitted else { return self.refuse(message.stream, in: &group) }
    group.addTask {
      await self.run(message, cancellation: cancellation)
      _ = self.state.withLock { $0.open.removeValue(forKey: message.stream) }
    }
  }

  private func run(_ message: Message, cancellation: Wakeup) async {
    guard let request = try? Request(decoding: message.body) else {
      _ = await self.send(.failed(.malformed), on: message.stream)
      return
    }
    guard case .watch(let model, let table) = request else {
      // A write that was cancelled may be applied or not; the answer is dropped by the client.
      let reply = await self.server.answer(
        request, within: message.deadline, at: self.link.home)
      _ = await self.send(reply, on: message.stream)
      return
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await self.server.watch(model, table) { reply, moreFollow in
          await self.send(reply, on: message.stream, moreFollow: moreFollow)
        }
      }
      group.addTask { await cancellation.wait() }
      await group.next()
      group.cancelAll()
    }
  }

  /// - Returns: whether the link took it.
  private func send(_ reply: Reply, on stream: UInt32, moreFollow: Bool = false) async -> Bool {
    let message = Message(stream: stream, moreFollow: moreFollow, body: reply.encode())
    do throws(LinkError) {
      try await self.link.send(message.frames(kind: RequestFrameKind.reply))
      return true
    } catch {
      return false
    }
  }
}
