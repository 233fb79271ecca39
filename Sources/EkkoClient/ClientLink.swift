internal import EkkoCore
internal import EkkoReplication
internal import EkkoTransport

/// One link to one node, with any number of requests under way.
actor ClientLink {
  nonisolated let link: Link
  private let runtime: Runtime
  private let executor: ActorExecutor
  private var waiting: [UInt32: Watched<Inbox, Never>] = [:]
  /// Told when there is something to look after.
  private let asked = Wakeup()
  private var nextStream: UInt32
  private var assembler = MessageAssembler(byteLimit: 64 << 20)
  private var failure: LinkError? {
    didSet { self.broken.withLock { $0 = true } }
  }
  nonisolated private let broken = Guarded(false)
  private var silence = LinkSilence()
  /// Requests that nobody waits for any more and of which the node has not been told yet.
  private var cancelled: [UInt32] = []
  private var isCancelling = false
  /// Requests that wait until the link has room.
  private var sendsHeldUp = 0
  private var tasks: [Task<Void, Never>] = []

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  /// The replies to one request, in order. A watcher that does not keep up misses some.
  struct Inbox: Sendable {
    var replies: [Reply] = []
    var isOver = false
    var hasMissed = false

    static let capacity = 64
  }

  private static let tick = Duration.milliseconds(20)
  /// The node is told to answer so much before we stop waiting. Told the same time, it would mostly
  /// be later than we are, and its last word (a write that too few hold, a replica that is behind)
  /// would never be heard.
  private static let longestReserve = Duration.milliseconds(250)

  init(_ link: Link, runtime: Runtime) {
    self.link = link
    self.runtime = runtime
    self.executor = runtime.executor(for: link.home)
    // Not the same on every link: an answer that some box on the way has kept for long, and delivers
    // over the next link, must not find a request that waits for another.
    var generator = runtime.makeGenerator()
    self.nextStream = UInt32.random(in: 1...(.max), using: &generator)
  }

  /// Whether the link is of no more use.
  nonisolated var hasFailed: Bool { self.broken.withLock(\.self) }

  /// Starts reading replies; `close` ends it.
  func start() {
    self.tasks = [
      self.runtime.spawn(on: self.link.home) { await self.receive() },
      self.runtime.spawn(on: self.link.home) { await self.expireWaits() },
    ]
  }

  func close() async {
    self.link.abort()
    for task in self.tasks { task.cancel() }
    for task in self.tasks { await task.value }
  }

  private func receive() async {
    var why = LinkError.transport(.closed)
    receiving: while true {
      let frames: [Frame]
      do throws(LinkError) { frames = try await self.link.receive() } catch {
        why = error
        break
      }
      guard !frames.isEmpty else { break }
      self.silence.end(at: self.runtime.clock.now().monotonic)
      for frame in frames where frame.kind == RequestFrameKind.reply {
        guard let step = try? self.assembler.take(frame) else { break receiving }
        if case .complete(let message) = step { self.deliver(message) }
      }
    }
    self.link.abort()
    self.failure = why
    for inbox in self.inboxes { inbox.change(nil) { $0.isOver = true } }
    self.waiting = [:]
  }

  /// In the order of their requests, so that those who wait are woken in that order.
  private var inboxes: [Watched<Inbox, Never>] {
    self.waiting.sorted { $0.key < $1.key }.map(\.value)
  }

  private func deliver(_ message: Message) {
    // An answer nobody waits for any more is dropped: its id says so.
    guard let inbox = self.waiting[message.stream] else { return }
    let reply = (try? Reply(decoding: message.body.span)) ?? .failed(.malformed)
    inbox.change(nil) { inbox in
      if inbox.replies.count < Inbox.capacity {
        inbox.replies.append(reply)
      } else {
        inbox.hasMissed = true
      }
      inbox.isOver = !message.moreFollow
    }
  }

  /// Looks after those who wait and those who gave up, regularly while there are any.
  private func expireWaits() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled, self.failure == nil {
        if self.waiting.isEmpty, self.cancelled.isEmpty, !self.isCancelling, !self.silence.isOwed {
          await self.asked.wait()
          // Silence while nothing was owed does not count.
          self.silence.end(at: self.runtime.clock.now().monotonic)
        }
        guard (try? await self.runtime.clock.sleep(for: Self.tick)) != nil else { break }
        let now = self.runtime.clock.now().monotonic
        for inbox in self.inboxes { inbox.expireWaits(at: now) }
        self.tellCancelled(in: &group)
        self.checkSilence(at: now, in: &group)
      }
      group.cancelAll()
    }
  }

  /// A link that swallows requests would have every call wait for its deadline.
  private func checkSilence(at now: MonotonicTime, in group: inout DiscardingTaskGroup) {
    let isWaiting = !self.waiting.isEmpty || self.isCancelling
    let departed = self.link.outflow.departed
    switch self.silence.check(isWaiting: isWaiting, departed: departed, at: now) {
    case nil: return
    case .probe:
      let stream = self.takeStream()
      var writer = ByteWriter()
      Request.lag.encode(into: &writer)
      let message = Message(stream: stream, body: writer.bytes)
      // Nothing may wait for a link that is full.
      group.addTask { await self.probe(message.frames(kind: RequestFrameKind.request), asked: now) }
    case .giveUp: self.link.abort()
    }
  }

  private func probe(_ frames: [Frame], asked: MonotonicTime) async {
    // If the link is gone, nothing is left to find out.
    guard (try? await self.link.send(frames)) != nil else { return }
    self.silence.noteTaken(asked: asked, end: self.link.outflow.accepted)
  }

  /// A request that is answered many times, and its first reply, which is still in the inbox.
  struct Opened: Sendable {
    let stream: UInt32
    let inbox: Watched<Inbox, Never>
    let first: Reply
  }

  /// Sends `request` and waits for its one reply.
  ///
  /// - Returns: `nil` if the deadline came first; then the request may have been carried out.
  func ask(_ request: Request, until deadline: MonotonicTime) async throws(LinkError) -> Reply? {
    guard let opened = try await self.open(request, until: deadline) else { return nil }
    self.waiting[opened.stream] = nil
    return opened.first
  }

  /// Sends a request that is answered many times and waits for the first reply. The caller ends it
  /// with `cancel`, unless that reply is that it failed.
  ///
  /// - Returns: `nil` if the deadline came first.
  func open(_ request: Request, until deadline: MonotonicTime) async throws(LinkError) -> Opened? {
    let (stream, inbox, isSent) = try await self.send(request, until: deadline)
    // A link that has ended looks after nobody any more: who waits must hear that it is over.
    if isSent {
      _ = await inbox.wait(on: nil, until: deadline) { !$0.replies.isEmpty || $0.isOver }
    }
    if let first = inbox.read({ $0.replies.first }) {
      if case .failed = first { self.waiting[stream] = nil }
      return Opened(stream: stream, inbox: inbox, first: first)
    }
    self.waiting[stream] = nil
    if let failure = self.failure { throw failure }
    self.silence.noteUnanswered()
    self.cancel(stream)
    return nil
  }

  /// Has the node told soon that nobody waits for `stream` any more. Whoever gives a request up does
  /// not wait for that: the link may be full for the very reason that made it give up.
  func cancel(_ stream: UInt32) {
    self.waiting[stream] = nil
    self.cancelled.append(stream)
    self.asked.signal()
  }

  private func tellCancelled(in group: inout DiscardingTaskGroup) {
    guard !self.cancelled.isEmpty, !self.isCancelling else { return }
    let frames = self.cancelled.map { Frame(kind: RequestFrameKind.cancel, stream: $0) }
    self.cancelled = []
    self.isCancelling = true
    group.addTask { await self.tell(frames) }
  }

  private func tell(_ frames: [Frame]) async {
    // If the link is gone, so are the requests.
    try? await self.link.send(frames)
    self.isCancelling = false
  }

  private func takeStream() -> UInt32 {
    defer { self.nextStream = self.nextStream == .max ? 1 : self.nextStream + 1 }
    return self.nextStream
  }

  private func send(
    _ request: Request, until deadline: MonotonicTime
  ) async throws(LinkError) -> (UInt32, Watched<Inbox, Never>, isSent: Bool) {
    if let failure = self.failure { throw failure }
    let stream = self.takeStream()
    let inbox = Watched<Inbox, Never>(Inbox())
    if self.waiting.isEmpty { self.asked.signal() }
    self.waiting[stream] = inbox
    var writer = ByteWriter(reservingCapacity: 1024)
    request.encode(into: &writer)
    let left = self.runtime.clock.now().monotonic.duration(to: deadline)
    let allowed = left - min(left / 4, Self.longestReserve)
    let message = Message(
      stream: stream, deadline: max(.milliseconds(1), allowed), body: writer.bytes)
    do throws(LinkError) {
      let frames = message.frames(kind: RequestFrameKind.request)
      return (stream, inbox, try await self.send(frames, until: deadline))
    } catch {
      self.waiting[stream] = nil
      throw error
    }
  }

  /// Hands `frames` to the link, and waits for that until `deadline` if it is full: what is ahead of
  /// them may be long, and on its way all the time.
  ///
  /// - Returns: false if the deadline came first; then they may or may not be sent.
  private func send(
    _ frames: [Frame], until deadline: MonotonicTime
  ) async throws(LinkError) -> Bool {
    guard self.sendsHeldUp > 0 || self.link.isFull else {
      try await self.link.send(frames)
      return true
    }
    self.sendsHeldUp += 1
    defer { self.sendsHeldUp -= 1 }
    let time = self.runtime.clock.now().monotonic.duration(to: deadline)
    let outcome = await withDeadline(time, clock: self.runtime.clock) {
      () async -> Result<Void, LinkError> in
      do throws(LinkError) { return .success(try await self.link.send(frames)) } catch {
        return .failure(error)
      }
    }
    guard let outcome else { return false }
    try outcome.get()
    return true
  }
}
