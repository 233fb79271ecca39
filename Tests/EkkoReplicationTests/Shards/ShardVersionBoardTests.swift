import EkkoCore
import EkkoReplication
import EkkoStorage
import Testing

@Suite struct ShardVersionBoardTests {
  static let node = NodeID(name: "a")

  static func shard(_ index: UInt32) -> Shard {
    Shard(
      id: ShardID(model: ModelID(rawValue: 1), index: index),
      schemas: [TableSchema(name: "t", rowLength: 1)], formClass: .full,
      incarnation: IncarnationID(rawValue: 5))
  }

  static func instant(_ microseconds: UInt64) -> Instant {
    Instant(
      monotonic: MonotonicTime(nanoseconds: Int64(microseconds) * 1000),
      wall: WallTime(microseconds: microseconds))
  }

  /// The board of a node that writes.
  static func makeOrigin() -> ShardVersionBoard {
    let board = ShardVersionBoard(node: Self.node)
    board.becomeOrigin()
    return board
  }

  @Test func `news names each changed shard once, in the order of its last change`() {
    let board = Self.makeOrigin()
    for index: UInt32 in [0, 1, 2, 0, 1, 0] { _ = board.publish(Self.shard(index)) }
    let all = board.news(after: 0, limit: 9, at: Self.instant(1))
    #expect(all.announcements.map(\.shard.index) == [2, 1, 0])
    #expect(all.sequence == 6)
    let later = board.news(after: all.announcements[0].sequence, limit: 9, at: Self.instant(1))
    #expect(later.announcements.map(\.shard.index) == [1, 0])
  }

  /// What a session has seen of an origin that is retired is shown by whoever has applied that, and has
  /// what was sealed.
  @Test func `a session waits for a retirement, and for the rows that it seals`() {
    let board = Self.makeOrigin()
    let seen = ParameterVersion(
      timestamp: Timestamp(rawValue: 9), origin: IncarnationID(rawValue: 77))
    // One that has heard of no retirement, one that lacks what was sealed, one that has all there was.
    var shards = [Self.shard(0), Self.shard(1), Self.shard(2)]
    _ = shards[1].applyRetirement(of: seen.origin, seal: seen.timestamp)
    _ = shards[2].applyRetirement(of: seen.origin, seal: .zero)
    for shard in shards { _ = board.publish(shard) }
    #expect(shards.map { board[$0.id]?.shows(seen) } == [false, false, true])
  }

  @Test func `news that is cut short moves the bookmark only as far as it goes and has no asOf`() {
    let board = Self.makeOrigin()
    for index in UInt32(0)..<5 { _ = board.publish(Self.shard(index)) }
    let first = board.news(after: 0, limit: 2, at: Self.instant(1))
    #expect(first.announcements.map(\.shard.index) == [0, 1])
    #expect(first.sequence == 2 && first.asOf == nil)
    let rest = board.news(after: first.sequence, limit: 9, at: Self.instant(1))
    #expect(rest.announcements.map(\.shard.index) == [2, 3, 4])
    #expect(rest.asOf == [Self.node: 1])
  }

  /// The board against the plain list of everything published.
  @Test(arguments: 0..<20) func `news equals a full comparison`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let board = ShardVersionBoard(node: Self.node)
    var published: [UInt32] = []
    for _ in 0..<400 {
      let index = UInt32.random(in: 0..<8, using: &generator)
      published.append(index)
      #expect(board.publish(Self.shard(index)) == UInt64(published.count))
      let after = Int.random(in: 0...published.count, using: &generator)
      let news = board.news(after: UInt64(after), limit: 99, at: Self.instant(1))
      #expect(
        Set(news.announcements.map(\.shard.index)) == Set(published[after...]))
      #expect(news.announcements.map(\.sequence) == news.announcements.map(\.sequence).sorted())
    }
  }

  /// It may lack what an earlier life of it wrote, or be a copy that no cluster takes.
  @Test func `a node that may not write yet tells no time of its own`() {
    let board = ShardVersionBoard(node: Self.node)
    _ = board.publish(Self.shard(0))
    #expect(board.asOf(at: Self.instant(90)) == [:])
    #expect(board.news(after: 0, limit: 9, at: Self.instant(90)).asOf == [:])
    board.becomeOrigin()
    #expect(board.asOf(at: Self.instant(90)) == [Self.node: 90])
  }

  @Test func `asOf stays below the time of a write that is under way`() {
    let board = Self.makeOrigin()
    let (ticket, at) = board.beginWrite(at: Self.instant(100))
    #expect(at.wall.microseconds == 100)
    #expect(board.asOf(at: Self.instant(500)) == [Self.node: 99])
    board.endWrite(ticket)
    #expect(board.asOf(at: Self.instant(500)) == [Self.node: 500])
  }

  @Test func `a write after the clock stepped back is stamped after every asOf given out`() {
    let board = Self.makeOrigin()
    #expect(board.asOf(at: Self.instant(1000)) == [Self.node: 1000])
    let (_, at) = board.beginWrite(at: Self.instant(400))
    #expect(at.wall.microseconds == 1001)
    #expect(board.asOf(at: Self.instant(400)) == [Self.node: 1000])
  }

  /// Found by simulation: it told a freshness of before it took all rows from a peer that was behind.
  @Test func `a shard that took all rows anew has seen nothing of other primaries`() throws {
    let board = Self.makeOrigin()
    let other = NodeID(name: "b")
    var shard = Self.shard(0)
    _ = board.publish(shard)
    board.adopt(asOf: [other: 70], setbacks: board.setbacks)
    #expect(board.asOf(at: Self.instant(90)) == [Self.node: 90, other: 70])
    let before = board.setbacks

    shard.requireReplacement()
    _ = board.publish(shard)
    #expect(board.setbacks == before)
    _ = board.publish(Self.shard(0))

    #expect(board.lastAsOf == [Self.node: 90])
    // What an exchange has settled that began before does not count either.
    board.adopt(asOf: [other: 80], setbacks: before)
    #expect(board.lastAsOf == [Self.node: 90])
    board.adopt(asOf: [other: 60], setbacks: board.setbacks)
    #expect(board.lastAsOf == [Self.node: 90, other: 60])
  }

  @Test func `a wait ends by its condition, by its deadline, and by closing`() async {
    let board = ShardVersionBoard(node: Self.node)
    let far = MonotonicTime(nanoseconds: .max)
    async let news = board.waitForNews(after: 0, until: far)
    _ = board.publish(Self.shard(0))
    #expect(await news)
    async let late = board.waitForNews(after: 1, until: .zero)
    // However the two tasks are scheduled: looking again and again ends the wait.
    let watcher = Task {
      while !Task.isCancelled {
        board.expireWaits(at: MonotonicTime(nanoseconds: 1))
        await Task.yield()
      }
    }
    #expect(await late == false)
    watcher.cancel()
    async let closed = board.waitForNews(after: 1, until: far)
    board.close()
    #expect(await closed == false)
    #expect(await board.waitForNews(after: 1, until: far) == false)
  }
}
