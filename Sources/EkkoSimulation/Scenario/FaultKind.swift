/// What can go wrong in the simulated world, by who makes it go wrong.
package enum FaultKind: Hashable, Sendable {
  case network(NetworkFault)
  case disk(DiskFault)
  case process(ProcessFault)
  case clock(ClockFault)

  /// As the summary names it.
  package var name: String {
    switch self {
    case .network(let fault): fault.rawValue
    case .disk(let fault): fault.rawValue
    case .process(let fault): fault.rawValue
    case .clock(let fault): fault.rawValue
    }
  }

  package static let all: [FaultKind] =
    NetworkFault.allCases.map(Self.network) + DiskFault.allCases.map(Self.disk)
    + ProcessFault.allCases.map(Self.process) + ClockFault.allCases.map(Self.clock)
}

/// What can happen to a process.
package enum ProcessFault: String, Hashable, Sendable, CaseIterable {
  /// Dies and comes back with its disk.
  case crash
  /// Dies and comes back with nothing.
  case stateLoss = "state_loss"
  /// Dies and comes back with its disk as it was some time ago.
  case olderCopy = "older_copy"
  /// A second process starts from a copy of its disk, under its name, while it runs.
  case clonedState = "cloned_state"
  /// Is stopped in order and comes back.
  case restart
  /// Does nothing for a while, and then goes on as if nothing had been.
  case pause
  /// Takes much longer for everything.
  case slow
}

/// What can happen to a clock.
package enum ClockFault: String, Hashable, Sendable, CaseIterable {
  /// The wall is off by less than the bound.
  case offset = "clock_offset"
  /// The wall runs too fast or too slow.
  case drift = "clock_drift"
  /// The wall jumps ahead, beyond the bound.
  case stepForward = "clock_step_forward"
  case stepBack = "clock_step_back"
  /// The wall stands still.
  case freeze = "clock_freeze"
  /// The monotonic time stands still while the wall goes on.
  case suspend = "clock_suspend"
  /// The node dies, and its wall is behind when it comes back.
  case backAcrossRestart = "clock_back_across_restart"
}
