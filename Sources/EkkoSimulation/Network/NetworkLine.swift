/// One queue with a rate: a host's uplink or downlink, or the way between two hosts.
///
/// Units go one after the other and are passed on when they begin to leave, with the time at which
/// their last byte will have left (`tail`): several lines in a row cost the slowest's time once, as
/// they do for packets, not the sum. Bounded by the watermarks of the channels that feed it.
final class NetworkLine {
  private unowned let simulation: Simulation
  private let onward: (Parcel) -> Void
  /// Zero: no limit.
  private(set) var nanosecondsPerByte: Double
  private var busyUntil: Int64 = 0
  private var queue: [Parcel] = []
  /// Of `queue`, what has left already.
  private var head = 0

  init(
    _ simulation: Simulation, bytesPerSecond: Double, onward: @escaping (Parcel) -> Void
  ) {
    self.simulation = simulation
    self.nanosecondsPerByte = 1e9 / bytesPerSecond
    self.onward = onward
  }

  var isLimited: Bool { self.nanosecondsPerByte > 0 }
  var isIdle: Bool { self.queue.isEmpty }

  /// Holds for units that begin to leave from now on.
  func setRate(bytesPerSecond: Double) {
    precondition(bytesPerSecond > 0, "a line needs a rate; to stop it, clog it")
    self.nanosecondsPerByte = 1e9 / bytesPerSecond
  }

  func enter(_ parcel: Parcel) {
    guard self.isLimited || !self.isIdle else { return self.onward(parcel) }
    parcel.enteredLine = self.simulation.now
    if self.isIdle, self.busyUntil <= self.simulation.now { return self.start(parcel) }
    self.queue.append(parcel)
    if self.queue.count == 1 { self.waitForTurn() }
  }

  private func start(_ parcel: Parcel) {
    let duration = Int64(Double(parcel.byteCount) * self.nanosecondsPerByte)
    parcel.tail = max(parcel.tail, self.simulation.now + duration)
    self.busyUntil = parcel.tail
    self.onward(parcel)
  }

  private func waitForTurn() {
    self.simulation.at(self.busyUntil) { self.advance() }
  }

  private func advance() {
    while self.head < self.queue.count {
      guard self.busyUntil <= self.simulation.now else { return self.waitForTurn() }
      let parcel = self.queue[self.head]
      self.head += 1
      // Whose sender has gone is forgotten before it leaves.
      if parcel.source.isSending { self.start(parcel) }
      if self.head > 32, self.head * 2 > self.queue.count {
        self.queue.removeFirst(self.head)
        self.head = 0
      }
    }
    self.queue = []
    self.head = 0
  }
}
