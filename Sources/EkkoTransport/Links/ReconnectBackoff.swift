/// How long to wait before the next attempt to reach a peer: 50 ms at first, doubling to 5 s, each
/// drawn from the upper half so that many peers of a returning node do not come at once.
package struct ReconnectBackoff: Hashable, Sendable {
  package static let smallest = Duration.milliseconds(50)
  package static let largest = Duration.seconds(5)

  private var ceiling = Self.smallest * 2

  package init() {}

  /// Draws the wait after a failed attempt.
  package mutating func nextDelay(using generator: inout some RandomNumberGenerator) -> Duration {
    let fraction = Double.random(in: 0.5...1, using: &generator)
    defer { self.ceiling = min(self.ceiling * 2, Self.largest) }
    return self.ceiling * fraction
  }

  /// Starts over after a link has proved of use.
  package mutating func reset() { self = ReconnectBackoff() }
}
