package import EkkoCore
package import EkkoTransport

/// Finds the links on which a send has waited for too long while nothing left: whoever should read there
/// is gone and nobody has said so. What answers over such a link holds back others, a scan above all.
package struct LinkWatch: Sendable {
  package typealias Number = UInt64

  private struct Watched {
    let link: Link
    /// The link's phase and the bytes that had left, when either was last seen to change, and when that
    /// was. What was sent before may be large, and a send waits for it.
    var phase: UInt64
    var departed: UInt64
    var since: MonotonicTime
  }

  private var watched: [Number: Watched] = [:]
  private var lastNumber: Number = 0

  /// A peer that gets nothing gives up much sooner.
  package static let patience = Duration.seconds(10)

  package init() {}

  package mutating func add(_ link: Link, at now: MonotonicTime) -> Number {
    self.lastNumber += 1
    self.watched[self.lastNumber] = Watched(
      link: link, phase: link.sendPhase, departed: link.outflow.departed, since: now)
    return self.lastNumber
  }

  package mutating func remove(_ number: Number) { self.watched[number] = nil }

  /// The links whose present send has made no progress for `patience`. To be called regularly.
  package mutating func stalled(at now: MonotonicTime) -> [Link] {
    var stalled: [Link] = []
    for (number, entry) in self.watched.sorted(by: { $0.key < $1.key }) {
      let phase = entry.link.sendPhase
      let departed = entry.link.outflow.departed
      if phase != entry.phase || departed != entry.departed || !Link.isSending(in: phase) {
        self.watched[number]?.phase = phase
        self.watched[number]?.departed = departed
        self.watched[number]?.since = now
      } else if entry.since.duration(to: now) >= Self.patience {
        stalled.append(entry.link)
      }
    }
    return stalled
  }
}
