internal import EkkoCore

/// The deadlines of a loop's registrations.
struct Deadlines {
  private var times: [UInt64: MonotonicTime] = [:]
  /// None is due before this time. It may be that of a deadline that is gone: then one look finds
  /// nothing due. Thus nobody has to go through all of them when one is withdrawn, as most are.
  private(set) var earliest: MonotonicTime?

  /// Sets the one deadline of `registration`, or withdraws it.
  mutating func set(_ time: MonotonicTime?, for registration: UInt64) {
    self.times[registration] = time
    if let time { self.earliest = min(time, self.earliest ?? time) }
    if self.times.isEmpty { self.earliest = nil }
  }

  /// Takes out those that have come, in order. O(n), but O(1) before `earliest`.
  mutating func takeDue(at now: MonotonicTime) -> [UInt64] {
    guard let earliest = self.earliest, earliest <= now else { return [] }
    let due = self.times.filter { $0.value <= now }
      .sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    for registration in due { self.times[registration] = nil }
    self.earliest = self.times.values.min()
    return due
  }
}
