internal import EkkoCore

/// Keys of our own in a Redis that is somebody else's.
extension RedisLoad {
  private static let keysPerCommand: Int = 1000

  /// Whether a Redis answers at the address.
  func check() async throws {
    _ = try await onThread { _ in
      try RedisServerState(of: try RedisConnection(to: self.address)).processorTime != nil
    }
  }

  /// Writes keys from zero to `count`.
  func fill(_ count: Int, value: [UInt8]) async throws {
    try await onThread { flag in
      let connection = try RedisConnection(to: self.address)
      let command = RedisBatch.Command.multipleSet
      for first in stride(from: 0, to: count, by: command.keysPerBatch) {
        if flag.isRaised { throw CancellationError() }
        // Whole commands: some keys may come twice.
        let keys = (0..<UInt64(command.keysPerBatch)).map { (UInt64(first) + $0) % UInt64(count) }
        try connection.send(RedisBatch(command, keys[...], value: value))
        try connection.finish()
      }
    }
  }

  /// Takes all of them away, also in a task that was cancelled.
  func empty(_ count: Int) async throws {
    try await onThread { _ in
      let connection = try RedisConnection(to: self.address)
      for first in stride(from: 0, to: count, by: Self.keysPerCommand) {
        let last = min(first + Self.keysPerCommand, count)
        try connection.send(RedisBatch(removing: Array(UInt64(first)..<UInt64(last))[...]))
        try connection.finish()
      }
    }
  }
}
