import CEkko
package import EkkoCore

/// The rows of one table in one shard: an index of 8-byte entries over flat columns.
///
/// A value: copies share memory until one of them changes, which copies once per batch
/// (`makeExclusive`). Slots are stable for the life of a row. A slot below `slotCount` is *occupied* when
/// its sequence is not zero. Arrival sequences order all rows of the shard.
package struct RowTable: Sendable {
  package var schema: TableSchema
  package let layout: RowLayout
  /// Whether a `put` copies weights as they are; see `RowLayout`.
  let takesPlainPuts: Bool
  /// Loops over many rows take this handle once: a call through the table costs a reference count.
  private(set) var memory: RowMemory
  /// Slots ever used are 0 ..< slotCount; some of them may be free.
  package private(set) var slotCount = 0
  package private(set) var occupiedCount = 0
  private var freeSlots: FreeSlots
  /// The significant version of rows that have one (Ekko §5.2.2), kept aside because few do.
  package var significantVersions: [UInt32: ParameterVersion] = [:]

  package init(id: TableID, schema: TableSchema, formClass: FormClass) {
    self.schema = schema
    self.layout = formClass.layout(of: schema)
    self.takesPlainPuts = self.layout.takesWeightsAsTheyAre(with: schema.optimiser)
    self.memory = RowMemory(stride: self.layout.byteCount, salt: ShardFunction.salt(of: id))
    self.freeSlots = FreeSlots(chunkShift: self.memory.chunkShift)
  }

  /// A row's version and arrival, as stored beside it.
  package struct Stamp: Hashable, Sendable {
    package var timestamp: Timestamp
    /// Index into the shard's table of origins.
    package var origin: UInt32
    package var isTombstone: Bool
    /// The shard-wide sequence of its last arrival; zero for a free slot.
    package var sequence: UInt64
  }

  // MARK: Reading

  /// The slot of `key`, or `nil`.
  @inline(__always)
  package func slot(of key: UInt64) -> Int? {
    self.memory.slot(of: key)
  }

  @inline(__always)
  package func key(at slot: Int) -> UInt64 {
    precondition(slot >= 0 && slot < self.slotCount)
    return self.memory.key(at: slot)
  }

  @inline(__always)
  package func stamp(at slot: Int) -> Stamp {
    precondition(slot >= 0 && slot < self.slotCount)
    return self.memory.stamp(at: slot)
  }

  @inline(__always)
  package func sequence(at slot: Int) -> UInt64 {
    precondition(slot >= 0 && slot < self.slotCount)
    return self.memory.sequence(at: slot)
  }

  /// The bytes of the row in `slot`.
  @inline(__always)
  @_lifetime(borrow self)
  package func bytes(at slot: Int) -> RawSpan {
    precondition(slot >= 0 && slot < self.slotCount)
    // SAFETY: a slot below `slotCount` has `stride` bytes at this place, and the memory lives as
    // long as this table holds it.
    let row = unsafe RawSpan(_unsafeStart: self.memory.row(slot), byteCount: self.memory.stride)
    return unsafe _overrideLifetime(row, borrowing: self)
  }

  // MARK: Changing (only after `makeExclusive` in the same batch)

  /// Makes the memory exclusively ours. Once per batch of changes.
  package mutating func makeExclusive() {
    if isKnownUniquelyReferenced(&self.memory) {
      self.memory.settleSharing()
    } else {
      self.memory = self.memory.clone()
    }
  }

  /// Whether a `push` may make a row for `key`.
  func admits(_ key: UInt64, attempt: Timestamp) -> Bool {
    self.schema.admission.admits(
      key: key, seed: self.schema.seed, attempt: attempt.rawValue)
  }

  /// A row for a key known to be absent; the caller fills and stamps it at once.
  package mutating func insert(_ key: UInt64) -> Int {
    let slot = self.freeSlots.isEmpty ? self.newSlot() : self.takeFreeSlot()
    self.occupiedCount += 1
    self.memory.beginUse(of: slot, for: key)
    self.memory.insertEntry(hash: self.memory.hash(of: key), slot: slot)
    return slot
  }

  private mutating func newSlot() -> Int {
    let slot = self.slotCount
    if slot == self.memory.capacity { self.memory.grow() }
    self.slotCount += 1
    return slot
  }

  private mutating func takeFreeSlot() -> Int {
    let memory = self.memory
    let slot = self.freeSlots.popFirst(slotCount: self.slotCount) { memory.restoreChunk($0) }
    guard let slot else { preconditionFailure("no slot is free") }
    return slot
  }

  @inline(__always)
  package mutating func setStamp(_ stamp: Stamp, at slot: Int) {
    precondition(slot >= 0 && slot < self.slotCount)
    self.memory.setStamp(stamp, at: slot)
  }

  /// The bytes of the row in `slot`, for writing.
  @inline(__always)
  @_lifetime(&self)
  package mutating func mutableBytes(at slot: Int) -> MutableRawSpan {
    precondition(slot >= 0 && slot < self.slotCount)
    // SAFETY: as in `bytes(at:)`; `makeExclusive` has made the memory exclusively ours.
    self.memory.own(slot)
    let row = unsafe MutableRawSpan(
      _unsafeStart: self.memory.row(slot), byteCount: self.memory.stride)
    return unsafe _overrideLifetime(row, mutating: &self)
  }

  /// Replaces the bytes of the row in `slot` by `row`, which has the table's own layout.
  @inline(__always)
  package mutating func setBytes(_ row: RawSpan, at slot: Int) {
    self.memory.setBytes(row, at: slot)
  }

  /// Takes the row out of the index. Its slot stays out of use until `recycle`.
  package mutating func remove(_ slot: Int) {
    precondition(self.sequence(at: slot) != 0, "slot \(slot) is free already")
    self.memory.removeEntry(hash: self.memory.hash(of: self.key(at: slot)), slot: slot)
    self.memory.endUse(of: slot)
    self.significantVersions[UInt32(slot)] = nil
    self.occupiedCount -= 1
  }

  /// Lets a removed slot be used again.
  package mutating func recycle(_ slot: Int) {
    precondition(self.sequence(at: slot) == 0, "slot \(slot) is occupied")
    self.freeSlots.insert(slot, slotCount: self.slotCount)
  }

  /// Gives back the memory of chunks in which no row is left. To be called after rows have been removed,
  /// many at a time, and not while anybody else holds `memory`, which would be copied.
  package mutating func releaseEmptied() {
    guard self.freeSlots.hasEmptied else { return }
    self.makeExclusive()
    for chunk in self.freeSlots.takeEmptied(slotCount: self.slotCount) {
      self.memory.releaseChunk(chunk)
    }
  }
}
