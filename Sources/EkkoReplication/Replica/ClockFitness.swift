package import EkkoCore

/// Whether this node's wall clock may stamp writes (DESIGN §5.2): a node off the median of at least
/// three nodes, itself included, by more than the bound declares itself unfit.
package struct ClockFitness: Sendable {
  package enum Verdict: Hashable, Sendable {
    case fit
    /// Too few nodes to tell which clock is wrong.
    case suspicious(offset: Duration)
    case unfit(offset: Duration)
  }

  private let bound: Duration
  /// The other clocks minus ours.
  private var offsets: [NodeID: Duration] = [:]

  package init(bound: Duration = .milliseconds(500)) { self.bound = bound }

  package mutating func note(_ node: NodeID, offset: Duration) { self.offsets[node] = offset }

  /// Forgets all others: who has gone must not outvote those that are there.
  package mutating func retain(_ isOfUse: (NodeID) -> Bool) {
    self.offsets = self.offsets.filter { isOfUse($0.key) }
  }

  /// Whether one of these other members at least has shown its clock, if there are any, and most of
  /// those heard, itself included, agree with ours.
  package func isConfirmed(by others: [NodeID]) -> Bool {
    let heard = others.compactMap { self.offsets[$0] }
    let agreeing = heard.count { $0.magnitude <= self.bound }
    return heard.isEmpty ? others.isEmpty : 2 * agreeing >= heard.count
  }

  package var verdict: Verdict {
    let all = (self.offsets.values + [.zero]).sorted()
    // Of an even number the one nearer to our own time: the doubt is in our favour.
    let middle = [all[(all.count - 1) / 2], all[all.count / 2]]
    let median = middle.min { $0.magnitude < $1.magnitude } ?? .zero
    if all.count >= 3 { return median.magnitude > self.bound ? .unfit(offset: median) : .fit }
    let farthest = self.offsets.values.max { $0.magnitude < $1.magnitude } ?? .zero
    return farthest.magnitude > self.bound ? .suspicious(offset: farthest) : .fit
  }
}

extension Duration {
  fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
