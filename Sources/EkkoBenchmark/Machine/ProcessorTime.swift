internal import Foundation
internal import Glibc

/// What the calling thread has used of a processor, user and system time together.
enum ProcessorTime {
  static func ofThread() -> Duration { Self.read(CLOCK_THREAD_CPUTIME_ID) }

  static func ofProcess() -> Duration { Self.read(CLOCK_PROCESS_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> Duration {
    var time = timespec()
    // SAFETY: the call fills a local; it cannot fail for these two clocks.
    _ = unsafe clock_gettime(clock, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

/// The bytes of this process that are in memory now.
enum ResidentMemory {
  static func byteCount() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
      return 0
    }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) : 0
  }
}
