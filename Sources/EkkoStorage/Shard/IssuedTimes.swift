package import EkkoCore

/// The version times that a write was given, row by row; zero for a row that was turned away.
///
/// Rows of one batch mostly get consecutive times, of which only the first is kept.
package struct IssuedTimes: Hashable, Sendable {
  private struct Run: Hashable, Sendable {
    var first = Timestamp.zero
    var count = 0

    /// The time that would continue it.
    @inline(__always)
    var next: UInt64 {
      self.first == .zero ? 0 : self.first.rawValue &+ UInt64(truncatingIfNeeded: self.count)
    }

    var newest: Timestamp { Timestamp(rawValue: max(1, self.next) - 1) }
  }

  private var last = Run()
  /// Those before the last.
  private var earlier: [Run] = []

  package init() {}

  @inline(__always)
  mutating func append(_ timestamp: Timestamp) {
    if timestamp.rawValue == self.last.next {
      self.last.count &+= 1
    } else {
      self.begin(timestamp)
    }
  }

  /// As many consecutive ones, from `first` on.
  mutating func append(from first: Timestamp, count: Int) {
    guard count > 0 else { return }
    self.append(first)
    self.last.count &+= count &- 1
  }

  private mutating func begin(_ timestamp: Timestamp) {
    if self.last.count > 0 { self.earlier.append(self.last) }
    self.last = Run(first: timestamp, count: 1)
  }

  package var count: Int { self.earlier.reduce(self.last.count) { $0 + $1.count } }

  /// The largest.
  package var newest: Timestamp {
    self.earlier.reduce(self.last.newest) { max($0, $1.newest) }
  }

  /// Each row's, in order.
  package var all: [Timestamp] {
    var all: [Timestamp] = []
    self.visit { all.append($0) }
    return all
  }

  /// Puts each row's to its place of `target`.
  ///
  /// - Precondition: there are as many places.
  func scatter(to places: Span<UInt32>, of target: inout [Timestamp]) {
    precondition(places.count == self.count, "\(places.count) places for \(self.count) times")
    var target = target.mutableSpan
    var number = 0
    self.visit { time in
      target[Int(places[number])] = time
      number += 1
    }
  }

  @inline(__always)
  private func visit(_ body: (Timestamp) -> Void) {
    for run in self.earlier { Self.visit(run, body) }
    Self.visit(self.last, body)
  }

  @inline(__always)
  private static func visit(_ run: Run, _ body: (Timestamp) -> Void) {
    let step: UInt64 = run.first == .zero ? 0 : 1
    var time = run.first.rawValue
    for _ in 0..<run.count {
      body(Timestamp(rawValue: time))
      time &+= step
    }
  }
}
