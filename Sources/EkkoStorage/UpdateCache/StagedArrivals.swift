internal import EkkoCore

/// Arrivals of one step that the update cache is told of together.
@safe
struct StagedArrivals: ~Copyable {
  private static let capacity = ArrivalChunk.length

  private let room: UnsafeMutablePointer<UpdateCache.Entry>
  private let former: UnsafeMutablePointer<UInt64>
  /// How many there are: at most as many as there is room for.
  var count = 0

  private init(
    _ room: UnsafeMutablePointer<UpdateCache.Entry>, _ former: UnsafeMutablePointer<UInt64>
  ) {
    unsafe self.room = room
    unsafe self.former = former
  }

  /// Hands out room for some blocks of a lookahead.
  @inline(__always)
  static func withRoom(_ body: (inout StagedArrivals) -> Void) {
    unsafe withUnsafeTemporaryAllocation(
      of: UpdateCache.Entry.self, capacity: Self.capacity
    ) { room in
      unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.capacity) { former in
        guard let room = room.baseAddress, let former = former.baseAddress else {
          preconditionFailure("no room for arrivals")
        }
        var staged = unsafe StagedArrivals(room, former)
        body(&staged)
      }
    }
  }

  /// Whether there may be no room for another block.
  @inline(__always)
  var isFull: Bool { self.count > Self.capacity - RowLookahead.blockLength }

  /// The number of the next one.
  @inline(__always)
  var next: UInt64 { UInt64(truncatingIfNeeded: self.count &+ 1) }

  /// Adds an arrival.
  ///
  /// - Parameter sequence: the row's former arrival; zero for a row that was not there.
  /// - Precondition: there was room for a block, of which this is.
  @unsafe
  @inline(__always)
  mutating func add(_ entry: UpdateCache.Entry, replacing sequence: UInt64) {
    let end = unsafe self.end
    // SAFETY: then both have room for it.
    unsafe end.entry.initialize(to: entry)
    unsafe end.former.initialize(to: sequence)
    self.count &+= 1
  }

  /// Where the next arrival is to be put, and those behind it, as many as a block has: they count when
  /// `count` says so.
  @unsafe
  @inline(__always)
  var end: (entry: UnsafeMutablePointer<UpdateCache.Entry>, former: UnsafeMutablePointer<UInt64>) {
    unsafe (self.room + self.count, self.former + self.count)
  }

  var entries: Span<UpdateCache.Entry> {
    @_lifetime(borrow self)
    @inline(__always)
    borrowing get {
      // SAFETY: so many were initialised; the room outlives this, which is only lent out.
      let all = unsafe Span(_unsafeStart: UnsafePointer(self.room), count: self.count)
      return unsafe _overrideLifetime(all, borrowing: self)
    }
  }

  var replaced: Span<UInt64> {
    @_lifetime(borrow self)
    @inline(__always)
    borrowing get {
      // SAFETY: as above.
      let all = unsafe Span(_unsafeStart: UnsafePointer(self.former), count: self.count)
      return unsafe _overrideLifetime(all, borrowing: self)
    }
  }
}
