internal import EkkoCore

/// What the walls of all clocks have shown: rows expire by whichever is ahead.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class WallRecord: @unchecked Sendable {
  /// The times of later ones are larger, and their walls smaller: what a later one exceeds is no
  /// maximum since any moment.
  private var maxima: [(time: Int64, wall: WallTime)] = []
  /// The simulation's, when a clock was looked at last.
  private(set) var time: Int64 = 0

  func note(_ wall: WallTime, at time: Int64) {
    self.time = time
    while let last = self.maxima.last, last.wall <= wall { self.maxima.removeLast() }
    self.maxima.append((time, wall))
  }

  /// The largest that any clock has shown at `time` or later.
  func latest(since time: Int64) -> WallTime {
    self.maxima.first { $0.time >= time }?.wall ?? WallTime(microseconds: 0)
  }
}
