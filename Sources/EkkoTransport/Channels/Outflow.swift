/// How far the bytes have come that were written to a channel. Tells nothing of one that has ended.
package struct Outflow: Hashable, Sendable {
  /// The bytes that the channel has accepted so far.
  package var accepted: UInt64
  /// Those of them that have left: over sockets, which the other side's machine has confirmed. Whether
  /// anybody there will read them is another question.
  package var departed: UInt64

  /// The bytes between the two.
  package var underWay: Int { Int(clamping: self.accepted - self.departed) }

  package init(accepted: UInt64, waiting: Int) {
    self.accepted = accepted
    self.departed = accepted - min(accepted, UInt64(clamping: waiting))
  }
}
