internal import EkkoCore
internal import Foundation

/// Batches sent to a Redis over several connections, by one thread: while it waits for the replies on
/// one, the server has those of the others to work on.
struct RedisLoad: Sendable {
  let address: RedisAddress
  var connectionCount = 8

  /// What a load has come to; of a server that tells its processor time.
  struct Tally: Sendable {
    var keyCount = 0
    /// With those of the warm-up, and those sent while others were counted.
    var sentKeyCount = 0
    var seconds = 0.0
    var processorTime = Duration.zero

    var keysPerSecond: Double { Double(self.keyCount) / self.seconds }
    var microsecondsPerKey: Double { self.processorTime.inSeconds * 1e6 / Double(self.keyCount) }
  }

  private static let warmUp = Duration.milliseconds(300)

  /// Sends the batches over and over.
  ///
  /// - Parameter keysPerSecond: no more than that; `nil` for as many as it takes.
  func run(
    _ batches: [RedisBatch], for duration: Duration, keysPerSecond: Double? = nil
  ) async throws -> Tally {
    try await onThread { flag in
      try self.run(batches, for: duration, keysPerSecond: keysPerSecond, until: flag)
    }
  }

  /// Sends each batch once.
  func send(_ batches: [RedisBatch]) async throws {
    try await onThread { _ in
      let connection = try RedisConnection(to: self.address)
      for batch in batches {
        try connection.send(batch)
        try connection.finish()
      }
    }
  }

  private func run(
    _ batches: [RedisBatch], for duration: Duration, keysPerSecond: Double?, until flag: StopFlag
  ) throws -> Tally {
    let observer = try RedisConnection(to: self.address)
    let connections = try (0..<self.connectionCount).map { _ in
      try RedisConnection(to: self.address)
    }
    let origin = ContinuousClock.now
    var (sent, answered, next) = (0, 0, 0)
    var underWay = [Int](repeating: 0, count: connections.count)
    var begin: (at: ContinuousClock.Instant, keys: Int, time: Duration)?
    while !flag.isRaised {
      for (place, connection) in connections.enumerated() {
        try connection.finish()
        answered += underWay[place]
        if let keysPerSecond { Self.wait(until: origin + .seconds(Double(sent) / keysPerSecond)) }
        let batch = batches[next % batches.count]
        try connection.send(batch)
        underWay[place] = batch.keyCount
        sent += batch.keyCount
        next += 1
      }
      let now = ContinuousClock.now
      if let begin {
        guard now - begin.at >= duration else { continue }
        let time = try self.processorTime(observer)
        let seconds = begin.at.duration(to: .now).inSeconds
        for connection in connections { try connection.finish() }
        let missing = connections.reduce(0) { $0 + $1.missingCount }
        guard missing == 0 else { throw RedisTrouble.valuesMissing(missing) }
        return Tally(
          keyCount: answered - begin.keys, sentKeyCount: sent, seconds: seconds,
          processorTime: time - begin.time)
      } else if now - origin >= Self.warmUp {
        let time = try self.processorTime(observer)
        begin = (.now, answered, time)
      }
    }
    throw CancellationError()
  }

  private func processorTime(_ connection: RedisConnection) throws -> Duration {
    guard let time = try RedisServerState(of: connection).processorTime else {
      throw RedisTrouble.notRedis
    }
    return time
  }

  private static func wait(until instant: ContinuousClock.Instant) {
    let time = ContinuousClock.now.duration(to: instant).inSeconds
    if time > 0 { Thread.sleep(forTimeInterval: time) }
  }
}
