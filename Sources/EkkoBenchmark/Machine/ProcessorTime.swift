internal import Foundation
internal import Glibc

/// What the calling thread, or a process, has used of the processors, user and system time together.
enum ProcessorTime {
  static func ofThread() -> Duration { Self.read(CLOCK_THREAD_CPUTIME_ID) ?? .zero }

  static func ofProcess() -> Duration { Self.read(CLOCK_PROCESS_CPUTIME_ID) ?? .zero }

  /// Of every thread of another process, those included that have ended; `nil` if it is gone.
  static func of(_ process: ProcessID) -> Duration? {
    var clock = clockid_t()
    // SAFETY: the call fills a local.
    guard unsafe clock_getcpuclockid(process.rawValue, &clock) == 0 else { return nil }
    return Self.read(clock)
  }

  private static func read(_ clock: clockid_t) -> Duration? {
    var time = timespec()
    // SAFETY: the call fills a local.
    guard unsafe clock_gettime(clock, &time) == 0 else { return nil }
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
