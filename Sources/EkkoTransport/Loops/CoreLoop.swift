internal import CEkko
internal import EkkoCore
internal import Glibc

/// One thread that polls its sockets and runs the actors and tasks that live on it (DESIGN §6.2).
///
/// As a `SerialExecutor` it is the executor of every actor of its core, so that calls between them
/// stay on the thread; as a `TaskExecutor` it runs the tasks that prefer it. Jobs run in the order
/// of their arrival, but those of urgent tasks (priority high and above: clients' requests) before
/// those of the others (synchronisation), one batch before each. A loop must be stopped, after
/// everything that runs on it has ended: a job that comes later can never run and traps.
package final class CoreLoop: SerialExecutor, TaskExecutor {
  /// How many times one turn empties the inbox before it looks at the sockets again.
  private static let roundsPerTurn = 8

  let poll: SocketPoll
  private let name: String
  private let inbox = Guarded(Inbox())

  private struct Inbox {
    var jobs: [UnownedJob] = []
    var urgent: [UnownedJob] = []
    var isEmpty: Bool { self.jobs.isEmpty && self.urgent.isEmpty }
    /// The loop sleeps, or is about to without looking here again: whoever adds must wake it.
    var isAsleep = false
    var phase = Phase.running
    var thread: pthread_t?
  }

  private enum Phase {
    case running
    case stopping(CheckedContinuation<Void, Never>?)
    case stopped
  }

  private init(name: String, method: PollMethod) throws(SystemError) {
    self.poll = try SocketPoll(method)
    self.name = name
  }

  /// Starts a loop on a thread of its own.
  ///
  /// - Parameters:
  ///   - name: shown by the system's tools; at most 15 bytes are kept.
  ///   - method: how it learns which of its sockets are ready.
  package static func start(
    name: String, method: PollMethod = .usual
  ) throws(SystemError) -> CoreLoop {
    let loop = try CoreLoop(name: name, method: method)
    // SAFETY: the thread takes over this reference and releases it as it ends.
    let context = unsafe Unmanaged.passRetained(loop).toOpaque()
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        let loop = unsafe Unmanaged<CoreLoop>.fromOpaque(context).takeRetainedValue()
        loop.run()
        return nil
      }, context)
    guard code == 0 else {
      unsafe Unmanaged<CoreLoop>.fromOpaque(context).release()
      throw SystemError(code: code, call: .threadCreate)
    }
    loop.inbox.withLock { $0.thread = thread }
    return loop
  }

  /// Runs what has been enqueued so far, ends the thread and joins it. Call it from elsewhere, once
  /// nothing runs on the loop any more; a second call returns at once.
  package func stop() async {
    await withCheckedContinuation { continuation in
      let isFirst = self.inbox.withLock { inbox in
        guard case .running = inbox.phase else { return false }
        inbox.phase = .stopping(continuation)
        return true
      }
      if isFirst { self.wake() } else { continuation.resume() }
    }
    let thread = self.inbox.withLock { inbox in
      defer { inbox.thread = nil }
      return inbox.thread
    }
    // The thread has left its loop, so this does not wait to speak of.
    if let thread { _ = pthread_join(thread, nil) }
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let isUrgent = job.priority.rawValue >= TaskPriority.high.rawValue
    let job = UnownedJob(job)
    let mustWake = self.inbox.withLock { inbox in
      if case .stopped = inbox.phase { preconditionFailure("job for a core loop that has stopped") }
      if isUrgent { inbox.urgent.append(job) } else { inbox.jobs.append(job) }
      defer { inbox.isAsleep = false }
      return inbox.isAsleep
    }
    if mustWake { self.poll.interrupt() }
  }

  /// Makes a sleeping loop take another turn.
  func wake() {
    let mustWake = self.inbox.withLock { inbox in
      defer { inbox.isAsleep = false }
      return inbox.isAsleep
    }
    if mustWake { self.poll.interrupt() }
  }

  /// Reports `.deadline` once at `time`, or never if `nil`, to the handler of `registration`.
  func setDeadline(_ time: MonotonicTime?, for registration: UInt64) {
    self.poll.setDeadline(time, for: registration)
    self.wake()
  }

  /// Whether the calling thread is this loop's.
  package var isCurrent: Bool {
    // SAFETY: the pointers are compared, never followed.
    unsafe ekko_current_loop() == UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
  }

  package func checkIsolated() {
    precondition(self.isCurrent, "not on the core loop that this actor lives on")
  }

  package func isIsolatingCurrentContext() -> Bool? { self.isCurrent }

  private func run() {
    Self.blockSignals()
    unsafe ekko_name_thread(self.name)
    // SAFETY: the pointer is compared, never followed.
    unsafe ekko_set_current_loop(Unmanaged.passUnretained(self).toOpaque())
    var batch: [UnownedJob] = []
    var urgent: [UnownedJob] = []
    var isRunning = true
    while isRunning {
      for _ in 0..<Self.roundsPerTurn {
        let isEmpty = self.inbox.withLock { inbox in
          swap(&inbox.jobs, &batch)
          return batch.isEmpty && inbox.urgent.isEmpty
        }
        if isEmpty { break }
        self.runUrgent(&urgent)
        for job in batch {
          self.run(job)
          self.runUrgent(&urgent)
        }
        batch.removeAll(keepingCapacity: true)
      }
      isRunning = self.pollOrStop()
    }
    ekko_set_current_loop(nil)
    self.finish()
  }

  /// Runs the urgent jobs that are there now; those they enqueue wait for the next other job.
  private func runUrgent(_ batch: inout [UnownedJob]) {
    self.inbox.withLock { swap(&$0.urgent, &batch) }
    for job in batch { self.run(job) }
    batch.removeAll(keepingCapacity: true)
  }

  private func run(_ job: UnownedJob) {
    // Tasks that prefer this loop pass from actor to actor of it without a queue; for any other
    // task the runtime sees a foreign preference and enqueues, which is only slower.
    unsafe job.runSynchronously(
      isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
  }

  /// Looks at the sockets, asleep if there is nothing to run. Answers whether to go on.
  private func pollOrStop() -> Bool {
    // Between arming and sleeping an added job interrupts the wait to come, so none is missed.
    let (isIdle, isStopping) = self.inbox.withLock { inbox in
      let isIdle = inbox.isEmpty
      let isStopping = if case .running = inbox.phase { false } else { true }
      inbox.isAsleep = isIdle && !isStopping
      return (isIdle, isStopping)
    }
    if isIdle && isStopping { return false }
    self.poll.deliver(mayWait: isIdle)
    self.inbox.withLock { $0.isAsleep = false }
    return true
  }

  private func finish() {
    let waiter: CheckedContinuation<Void, Never>? = self.inbox.withLock { inbox in
      guard inbox.isEmpty, case .stopping(let waiter) = inbox.phase else {
        preconditionFailure("job for a core loop that is stopping")
      }
      inbox.phase = .stopped
      return waiter
    }
    waiter?.resume()
  }

  /// Signals are the main thread's business.
  private static func blockSignals() {
    var all = sigset_t()
    // SAFETY: the pointers are to a local for the length of each call.
    unsafe sigfillset(&all)
    _ = unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
  }
}
