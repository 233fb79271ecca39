/// Timers by time, those of one time in an order drawn from the seed: a binary heap whose entries can
/// be taken back.
package struct TimerQueue {
  /// Names one timer, also after it has fired.
  package struct Ticket: Hashable, Sendable {
    fileprivate let slot: Int
    fileprivate let generation: UInt64
  }

  private struct Entry {
    let time: Int64
    let tie: UInt64
    let ticket: Ticket

    static func precedes(_ left: Entry, _ right: Entry) -> Bool {
      left.time != right.time ? left.time < right.time : left.tie < right.tie
    }
  }

  private struct Slot {
    var body: (() -> Void)?
    var generation: UInt64 = 0
  }

  private var heap: [Entry] = []
  private var slots: [Slot] = []
  private var free: [Int] = []

  mutating func add(at time: Int64, tie: UInt64, _ body: @escaping () -> Void) -> Ticket {
    let slot = self.free.popLast() ?? self.slots.count
    if slot == self.slots.count { self.slots.append(Slot()) }
    self.slots[slot].body = body
    let ticket = Ticket(slot: slot, generation: self.slots[slot].generation)
    self.heap.append(Entry(time: time, tie: tie, ticket: ticket))
    self.siftUp(self.heap.count - 1)
    return ticket
  }

  mutating func cancel(_ ticket: Ticket) { _ = self.take(ticket) }

  /// The next timer that was not taken back.
  mutating func next() -> (time: Int64, body: () -> Void)? {
    while let entry = self.popEntry() {
      if let body = self.take(entry.ticket) { return (entry.time, body) }
    }
    return nil
  }

  private mutating func take(_ ticket: Ticket) -> (() -> Void)? {
    guard self.slots[ticket.slot].generation == ticket.generation,
      let body = self.slots[ticket.slot].body
    else { return nil }
    self.slots[ticket.slot].body = nil
    self.slots[ticket.slot].generation += 1
    self.free.append(ticket.slot)
    return body
  }

  // MARK: The heap

  private mutating func siftUp(_ start: Int) {
    var place = start
    let entry = self.heap[place]
    while place > 0 {
      let parent = (place - 1) / 2
      guard Entry.precedes(entry, self.heap[parent]) else { break }
      self.heap[place] = self.heap[parent]
      place = parent
    }
    self.heap[place] = entry
  }

  private mutating func popEntry() -> Entry? {
    guard let top = self.heap.first, let entry = self.heap.popLast() else { return nil }
    guard !self.heap.isEmpty else { return top }
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < self.heap.count else { break }
      if child + 1 < self.heap.count, Entry.precedes(self.heap[child + 1], self.heap[child]) {
        child += 1
      }
      guard Entry.precedes(self.heap[child], entry) else { break }
      self.heap[place] = self.heap[child]
      place = child
    }
    self.heap[place] = entry
    return top
  }
}
