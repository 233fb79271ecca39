internal import Glibc

/// What the simulated world lends to the product, whose protocols ask for `Sendable`: it stays on the
/// thread that it was made on, as the whole world does, and any other traps.
// SAFETY (Sendable): the value is reached through `value` only, which lets nobody pass but
// the thread that `init` ran on (or one that got its number after it had ended); so no two threads ever
// reach it. References to it may be copied and
// dropped anywhere, for their counts are atomic.
package struct Confined<Value>: @unchecked Sendable {
  private let held: Value
  private let thread = pthread_self()

  package init(_ value: Value) { self.held = value }

  package var value: Value {
    precondition(pthread_equal(self.thread, pthread_self()) != 0, "not on the simulation's thread")
    return self.held
  }
}
