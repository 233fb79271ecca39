/// What an actor is given instead of ambient globals: time, placement, tasks, randomness, a trace.
///
/// Production builds it from core loops (`EkkoTransport`); a simulation passes its own. Values
/// only: two actors share nothing through it.
package struct Runtime: Sendable {
  package let clock: any RuntimeClock
  private let placement: any ExecutorPlacement
  private let seeds: @Sendable () -> UInt64
  private let traceSink: (@Sendable (TraceEvent) -> Void)?

  /// - Parameter seeds: draws one unpredictable (in a simulation: seeded) number per call; it must
  ///   be callable from any thread.
  package init(
    clock: any RuntimeClock,
    placement: any ExecutorPlacement,
    seeds: @escaping @Sendable () -> UInt64,
    trace: (@Sendable (TraceEvent) -> Void)? = nil
  ) {
    self.clock = clock
    self.placement = placement
    self.seeds = seeds
    self.traceSink = trace
  }

  /// The serial executor for a new actor that lives at `home`.
  ///
  /// In production all actors of one core get the same loop; in a simulation each call answers
  /// with a lane of its own. Every actor of ours stores the result and returns its `unowned`.
  package func executor(for home: Home) -> ActorExecutor {
    ActorExecutor(self.placement.serialExecutor(for: home))
  }

  /// The only way our code starts a task without a parent. The caller owns it: it must store,
  /// cancel and await the result.
  package func spawn<Success: Sendable>(
    on home: Home, priority: TaskPriority? = nil,
    _ body: sending @escaping @isolated(any) () async -> Success
  ) -> Task<Success, Never> {
    Task(
      executorPreference: self.taskExecutor(for: home), priority: priority, operation: body)
  }

  /// Where a child task runs that belongs to `home`.
  package func taskExecutor(for home: Home) -> (any TaskExecutor)? {
    self.placement.taskExecutor(for: home)
  }

  /// A generator of its own for one actor.
  package func makeGenerator() -> SplitMix64 { SplitMix64(seed: self.seeds()) }

  /// Draws an incarnation that was never used before (64 random bits, not zero).
  package func drawIncarnation() -> IncarnationID {
    var drawn = self.seeds()
    while drawn == 0 { drawn = self.seeds() }
    return IncarnationID(rawValue: drawn)
  }

  package func trace(_ event: @autoclosure () -> TraceEvent) {
    if let traceSink = self.traceSink { traceSink(event()) }
  }
}

/// The processor core an actor or task belongs to, as an index that the placement maps to what
/// exists (modulo the number of loops).
package struct Home: Hashable, Sendable {
  package let index: Int

  package init(index: Int) { self.index = index }
}

/// Hands out executors; see `Runtime.executor(for:)`.
package protocol ExecutorPlacement: Sendable {
  func serialExecutor(for home: Home) -> any SerialExecutor
  func taskExecutor(for home: Home) -> (any TaskExecutor)?
}

/// A serial executor kept alive beside the unowned reference an actor must return.
@safe
package struct ActorExecutor: Sendable {
  private let executor: any SerialExecutor
  package let unowned: UnownedSerialExecutor

  package init(_ executor: any SerialExecutor) {
    self.executor = executor
    unsafe self.unowned = executor.asUnownedSerialExecutor()
  }

  /// Whether both are one: then its actors can enter each other without a switch (`assumeIsolated`).
  @inline(__always)
  package func isSame(as other: ActorExecutor) -> Bool { self.executor === other.executor }
}

/// Something a simulation or a log may want to know. Never part of a decision.
package struct TraceEvent: Hashable, Sendable {
  package let name: StaticName
  package let first: UInt64
  package let second: UInt64

  package init(_ name: StaticName, _ first: UInt64 = 0, _ second: UInt64 = 0) {
    self.name = name
    self.first = first
    self.second = second
  }

  /// The closed set of event names, so that a trace hash does not depend on strings.
  package enum StaticName: UInt8, Sendable {
    case write, pullStarted, sectionMerged, sectionDropped, linkOpened, linkClosed
  }
}
