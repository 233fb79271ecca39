package import EkkoTransport

/// How long one way between two hosts is, and how wide.
package struct PathShape: Hashable, Sendable {
  package var latency: Duration
  /// Each unit takes up to this much longer, evenly drawn.
  package var jitter: Duration
  package var bytesPerSecond: Double

  package init(latency: Duration, jitter: Duration = .zero, bytesPerSecond: Double = .infinity) {
    self.latency = latency
    self.jitter = jitter
    self.bytesPerSecond = bytesPerSecond
  }
}

/// What a simulated network is like as long as nothing is wrong with it, and how deaths look from
/// outside.
package struct NetworkShape: Sendable {
  package var withinHost = PathShape(latency: .microseconds(20))
  package var withinDataCentre = PathShape(
    latency: .microseconds(250), jitter: .microseconds(250), bytesPerSecond: 1.25e9)
  package var acrossDataCentres = PathShape(
    latency: .milliseconds(30), jitter: .milliseconds(5), bytesPerSecond: 125e6)
  /// What a host sends to all others together, at most; and receives.
  package var uplinkBytesPerSecond = Double.infinity
  package var downlinkBytesPerSecond = Double.infinity
  package var limits = ChannelLimits()

  /// Of the deaths whose style was not chosen, how many go without a word.
  package var silentDeathShare = 0.5
  /// Of those, how many leave a host that never answers for the old channels.
  package var mutedDeathShare = 0.25
  /// Of the channels that had units held by a partition, how many break when it ends.
  package var breakShareAfterPartition = 0.5
  /// Units kept per path for late replay, of each of two lives; 0 for none.
  package var replayUnitCount = 8

  package init() {}
}

/// What others notice of a process's death.
package enum DeathStyle: String, CaseIterable, Sendable {
  /// The process was killed: its machine resets its channels.
  case reset
  /// The power was cut: nothing is heard until a new process runs on the host; then who sends on an
  /// old channel is answered with a reset.
  case silent
  /// As `silent`, but old channels are never answered for.
  case muted
}
