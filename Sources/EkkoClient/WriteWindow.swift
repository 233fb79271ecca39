internal import EkkoCore
internal import EkkoStorage

/// Which writes this client has begun at one primary since the oldest that is not over.
///
/// A primary remembers a client's last writes by number (`RequestWindow`). A write that was lost or
/// turned away, and then overtaken by more than that, could not be told from one that was applied
/// long ago. So no more begin than the primary remembers: then each is applied once.
struct WriteWindow: Sendable {
  /// Ascending by number; the first is not over.
  private var begun: [(sequence: UInt64, isOver: Bool)] = []

  static let capacity = RequestWindow.requestsPerClient

  var hasRoom: Bool { self.begun.count < Self.capacity }

  /// Begins a write under a number larger than any before.
  mutating func begin(_ sequence: UInt64) {
    precondition(self.hasRoom, "write \(sequence) begins in a full window")
    precondition(self.begun.last.map { $0.sequence < sequence } ?? true, "\(sequence) is not new")
    self.begun.append((sequence, false))
  }

  /// Ends a write, whether it was applied or given up.
  mutating func end(_ sequence: UInt64) {
    guard let place = self.begun.firstIndex(where: { $0.sequence == sequence }) else { return }
    self.begun[place].isOver = true
    let oldest = self.begun.firstIndex { !$0.isOver } ?? self.begun.endIndex
    self.begun.removeSubrange(..<oldest)
  }
}

/// A write that waits until it may begin; touched by the client's actor alone, but for its wake-up.
final class WriteTurn {
  let wakeup = Wakeup()
  /// Given when the write may begin.
  var request: RequestID?
}

/// Writes begin in the order of their coming.
extension EkkoClient {
  /// Waits until a write may begin at `primary`, and names it. `endWrite` must follow.
  ///
  /// The wait needs no deadline of its own: those before end by theirs, which come no later.
  func beginWrite(at primary: NodeID) async throws(EkkoError) -> RequestID {
    let turn = WriteTurn()
    self.turns[primary, default: []].append(turn)
    self.startWrites(at: primary)
    while true {
      if let request = turn.request { return request }
      await turn.wakeup.wait()
      guard turn.request == nil, Task.isCancelled else { continue }
      self.turns[primary]?.removeAll { $0 === turn }
      throw .closed
    }
  }

  func endWrite(_ request: RequestID, at primary: NodeID) {
    self.windows[primary]?.end(request.sequence)
    self.startWrites(at: primary)
  }

  private func startWrites(at primary: NodeID) {
    var window = self.windows[primary] ?? WriteWindow()
    var waiting = self.turns[primary] ?? []
    var started = 0
    while started < waiting.count, window.hasRoom {
      let request = self.nextRequest()
      window.begin(request.sequence)
      waiting[started].request = request
      waiting[started].wakeup.signal()
      started += 1
    }
    waiting.removeFirst(started)
    self.turns[primary] = waiting
    self.windows[primary] = window
  }
}
