/// Issues the timestamps of one origin: hybrid logical clock (Ekko §4.2).
///
/// Each timestamp is larger than every one issued before and than the version it replaces, and
/// never behind the wall. The caller bounds how far ahead of the wall it may be led, by refusing
/// rows from the future.
@usableFromInline
package struct HybridClock: Hashable, Sendable {
  /// The largest timestamp issued so far.
  @usableFromInline package internal(set) var last: Timestamp

  package init(last: Timestamp = .zero) { self.last = last }

  /// The next timestamp, for a row whose stored version has the time `replaced`.
  @inlinable @inline(__always)
  package mutating func next(wall: WallTime, replacing replaced: Timestamp = .zero) -> Timestamp {
    #if PlantedBugs
      self.stepBackWrongly(to: wall)
    #endif
    let floor = max(self.last.rawValue, replaced.rawValue)
    precondition(floor < .max, "hybrid clock at the end of time")
    let issued = Timestamp(rawValue: max(wall.microseconds << 12, floor + 1))
    self.last = issued
    return issued
  }

  #if PlantedBugs
    @usableFromInline
    package mutating func stepBackWrongly(to wall: WallTime) {
      if PlantedBug.active == .clockStepsBack, wall.microseconds < self.last.microseconds {
        self.last = .zero
      }
    }
  #endif
}
