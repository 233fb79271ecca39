package import EkkoCore

/// Follows a source that grows: at its end it waits and looks again, until the task is cancelled.
package struct FollowingByteSource<Source: ByteSource>: ByteSource {
  private var source: Source
  private let clock: any RuntimeClock
  private let interval: Duration
  private var isQuiet = false

  package init(_ source: Source, clock: any RuntimeClock, interval: Duration = .milliseconds(200)) {
    self.source = source
    self.clock = clock
    self.interval = interval
  }

  package mutating func nextChunk() async throws -> [UInt8]? {
    while true {
      if let chunk = try await self.source.nextChunk() {
        self.isQuiet = false
        return chunk
      }
      // Say so once before waiting, so that rows already read are not held back.
      guard self.isQuiet else {
        self.isQuiet = true
        return []
      }
      try await self.clock.sleep(for: self.interval)
    }
  }
}
