/// The slots of a table that rows have left, by the chunk of memory they lie in.
///
/// They are used again before new ones, the lowest first, so that rows gather in the chunks at the front
/// and those behind empty. A chunk without a row can give its memory back (`takeEmptied`); its slots
/// stay free and are used when no other is.
///
/// Where rows go at random, hardly a chunk of a thousand rows loses all of them before nearly all rows of
/// the table have gone. Then memory is not given back but used again, all of it.
///
/// A free slot costs one bit, one in a chunk without memory nothing.
struct FreeSlots: Sendable {
  private let chunkShift: Int
  /// Of each chunk that has memory, the slots counted from its first one.
  private var slots: [NumberSet] = []
  /// The chunks that have memory and a free slot.
  private var open = NumberSet()
  /// The chunks whose memory was given back.
  private var released = NumberSet()
  /// Chunks that had no row left at some time.
  private var emptied: [Int] = []

  init(chunkShift: Int) { self.chunkShift = chunkShift }

  private var chunkLength: Int { 1 << self.chunkShift }

  var isEmpty: Bool { self.open.isEmpty && self.released.isEmpty }

  var hasEmptied: Bool { !self.emptied.isEmpty }

  /// Adds a slot that is not free.
  ///
  /// - Parameter slotCount: how many slots the table has ever used.
  mutating func insert(_ slot: Int, slotCount: Int) {
    let chunk = slot >> self.chunkShift
    if chunk >= self.slots.count {
      self.slots.append(
        contentsOf: repeatElement(NumberSet(), count: chunk + 1 - self.slots.count))
    }
    if self.slots[chunk].isEmpty { self.open.insert(chunk) }
    self.slots[chunk].insert(slot & (self.chunkLength - 1))
    if self.isEmptied(chunk, slotCount: slotCount) { self.emptied.append(chunk) }
  }

  private func isEmptied(_ chunk: Int, slotCount: Int) -> Bool {
    self.slots[chunk].count == self.length(of: chunk, slotCount: slotCount)
  }

  private func length(of chunk: Int, slotCount: Int) -> Int {
    min(self.chunkLength, slotCount - chunk << self.chunkShift)
  }

  /// Takes out a slot to be used.
  ///
  /// - Parameter restore: is told of a chunk that needs its memory back.
  mutating func popFirst(slotCount: Int, _ restore: (_ chunk: Int) -> Void) -> Int? {
    guard let chunk = self.firstOpen(slotCount: slotCount, restore),
      let slot = self.slots[chunk].first()
    else { return nil }
    _ = self.slots[chunk].remove(slot)
    if self.slots[chunk].isEmpty { _ = self.open.remove(chunk) }
    return chunk << self.chunkShift + slot
  }

  private mutating func firstOpen(slotCount: Int, _ restore: (_ chunk: Int) -> Void) -> Int? {
    if let chunk = self.open.first() { return chunk }
    guard let chunk = self.released.first() else { return nil }
    restore(chunk)
    _ = self.released.remove(chunk)
    self.slots[chunk] = NumberSet(below: self.length(of: chunk, slotCount: slotCount))
    self.open.insert(chunk)
    return chunk
  }

  /// The chunks that have memory and no row: the caller gives their memory back.
  mutating func takeEmptied(slotCount: Int) -> [Int] {
    var taken: [Int] = []
    for chunk in self.emptied where self.isEmptied(chunk, slotCount: slotCount) {
      self.slots[chunk] = NumberSet()
      _ = self.open.remove(chunk)
      self.released.insert(chunk)
      taken.append(chunk)
    }
    self.emptied = []
    return taken
  }
}
