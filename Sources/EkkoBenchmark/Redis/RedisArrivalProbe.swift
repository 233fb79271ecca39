internal import EkkoCore
internal import Foundation

/// Writes one key of a Redis now and then, asks each replica for it all the time, and logs both.
final class RedisArrivalProbe: Sendable {
  private let log: Guarded<ArrivalLog>
  private let writing = StopFlag()
  private let reading = StopFlag()
  private let trouble = Guarded<(any Error)?>(nil)
  private let threads = DispatchGroup()

  private static let key = "ekko-bench:marker"
  private static let interval = 0.005
  private static let pollInterval = 0.0005

  static func start(primary: RedisAddress, replicas: [RedisAddress]) -> RedisArrivalProbe {
    let probe = RedisArrivalProbe(replicaCount: replicas.count)
    probe.spawn { try probe.write(to: primary) }
    for (number, replica) in replicas.enumerated() {
      probe.spawn { try probe.read(from: replica, number) }
    }
    return probe
  }

  private init(replicaCount: Int) { self.log = Guarded(ArrivalLog(replicaCount: replicaCount)) }

  private func spawn(_ body: @escaping @Sendable () throws -> Void) {
    self.threads.enter()
    let thread = Thread {
      do { try body() } catch { self.trouble.withLock { $0 = error } }
      self.threads.leave()
    }
    thread.start()
  }

  /// As `ArrivalProbe.stop`.
  ///
  /// - Throws: what went wrong meanwhile, if a connection was lost.
  func stop(patience: Duration) async throws -> [ArrivalLog.Delay] {
    self.writing.raise()
    let deadline = ContinuousClock.now.advanced(by: patience)
    while ContinuousClock.now < deadline, !self.log.withLock(\.isComplete), !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(5))
    }
    let end = Self.now
    self.reading.raise()
    await withCheckedContinuation { continuation in
      self.threads.notify(queue: .global()) { continuation.resume() }
    }
    if let trouble = self.trouble.withLock(\.self) { throw trouble }
    return self.log.withLock { $0.delays(until: end) }
  }

  private func write(to primary: RedisAddress) throws {
    let connection = try RedisConnection(to: primary)
    // Larger than any mark of an earlier probe.
    var mark = Self.now
    while !self.writing.isRaised {
      mark += 1
      try connection.ask(["SET", Self.key, String(mark)])
      // It was committed before its answer came: what is measured is rather too short.
      let (committed, time) = (mark, Self.now)
      self.log.withLock { $0.noteCommit(committed, at: time) }
      Thread.sleep(forTimeInterval: Self.interval)
    }
    // It goes when all have seen it.
    while !self.reading.isRaised { Thread.sleep(forTimeInterval: Self.interval) }
    try connection.ask(["UNLINK", Self.key])
  }

  private func read(from replica: RedisAddress, _ number: Int) throws {
    let connection = try RedisConnection(to: replica)
    while !self.reading.isRaised {
      if let mark = try Self.mark(of: connection) {
        let time = Self.now
        self.log.withLock { $0.noteSighting(mark, at: time, replica: number) }
      }
      Thread.sleep(forTimeInterval: Self.pollInterval)
    }
  }

  /// - Returns: `nil` also while the replica takes over the whole state anew and answers nothing.
  private static func mark(of connection: RedisConnection) throws(RedisTrouble) -> UInt64? {
    do throws(RedisTrouble) {
      return try connection.ask(["GET", Self.key]).text.flatMap { UInt64($0) }
    } catch .refused(let why) where why.hasPrefix("LOADING") || why.hasPrefix("MASTERDOWN") {
      return nil
    }
  }

  private static var now: UInt64 {
    var time = timespec()
    // SAFETY: the call fills a local; it cannot fail for this clock.
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
  }
}
