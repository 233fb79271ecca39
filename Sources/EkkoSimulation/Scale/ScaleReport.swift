internal import EkkoCore
internal import Glibc

/// What one case of the scale scenario came to.
package struct ScaleReport: Sendable {
  /// Bytes that left a node, and that it received.
  struct Traffic: Sendable {
    var up: Int
    var down: Int

    func minus(_ other: Traffic) -> Traffic {
      Traffic(up: self.up - other.up, down: self.down - other.down)
    }
  }

  /// A time against the least it could be.
  package struct Delay: Sendable {
    package let median: Duration
    package let p99: Duration
  }

  /// Bytes of one link against the rows that had to cross it.
  package struct Link: Sendable {
    package let byteCount: Int
    package let lowerBound: Int
    /// The share of its capacity that was used.
    package let utilisation: Double

    package var ratio: Double { Double(self.byteCount) / Double(max(1, self.lowerBound)) }
  }

  package let shape: ScaleShape
  package let updates: Int
  /// Updates times replicas that were still missing at the end; must be zero.
  package let missing: Int
  /// Whether all that was to be written was, and came to every replica.
  package var isComplete: Bool { self.missing == 0 && self.updates == self.shape.updates }
  /// From the commit at the primary until readable, over all updates and replicas.
  package let delay: Delay
  /// What latencies and one row on each uplink, once for every reader, make of it: no asking, no
  /// waiting.
  package let wire: Delay
  /// Until readable at the last replica, over all updates (DESIGN §13).
  package let latencyMean: Duration
  package let latencyP99: Duration
  /// Of all replicas, the mean.
  package let downlink: Link
  /// Of the training node, and the busiest of all others.
  package let primaryUplink: Link
  package let relayUplink: Link?
  package let duration: Duration
  package let steps: Int
  /// The largest that this process has been so far.
  package let memoryByteCount: Int

  init(
    _ shape: ScaleShape, gauge: DelayGauge, traffic: [Traffic], duration: Duration,
    flights: [Duration], steps: Int
  ) {
    let rows = gauge.updateCount * shape.rowByteCount
    let capacity = shape.linkBytesPerSecond * (duration / .seconds(1))
    func link(_ byteCount: Int, copies: Int) -> Link {
      Link(
        byteCount: byteCount, lowerBound: rows * copies,
        utilisation: Double(byteCount) / capacity)
    }
    var times = DelayHistogram()
    for flight in flights { times.add(flight.wholeNanoseconds) }
    let latencies = gauge.latencies
    let replicas = traffic.dropFirst()
    let readers = shape.readers
    let busiest = (1..<shape.nodes).max { traffic[$0].up < traffic[$1].up }
    self.shape = shape
    self.updates = gauge.updateCount
    self.missing = gauge.missing
    self.delay = Delay(median: gauge.delays.quantile(0.5), p99: gauge.delays.quantile(0.99))
    self.wire = Delay(median: times.quantile(0.5), p99: times.quantile(0.99))
    self.latencyMean = latencies.mean
    self.latencyP99 = latencies.quantile(0.99)
    self.downlink = link(
      replicas.reduce(0) { $0 + $1.down } / max(1, replicas.count), copies: 1)
    self.primaryUplink = link(traffic[0].up, copies: readers[0])
    self.relayUplink = busiest.flatMap {
      readers[$0] > 0 ? link(traffic[$0].up, copies: readers[$0]) : nil
    }
    self.duration = duration
    self.steps = steps
    self.memoryByteCount = Self.peakMemory
  }

  private static var peakMemory: Int {
    var usage = rusage()
    // SAFETY: the call fills a local.
    let status = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return status == 0 ? usage.ru_maxrss * 1024 : 0
  }
}
