import EkkoCore
import EkkoReplication
import Testing

@Suite struct OwedTableTests {
  static let peer = IncarnationID(rawValue: 7)
  static let shard = ShardID(model: ModelID(rawValue: 1), index: 0)
  static let other = ShardID(model: ModelID(rawValue: 1), index: 1)
  static let origin = NodeID(rawValue: 1)

  static func version(_ counter: UInt64) -> ShardVersion {
    ShardVersion(counter: counter, issuer: Self.peer)
  }

  static func news(
    _ announcements: [(ShardID, UInt64)], through sequence: UInt64, asOf: UInt64? = nil,
    by responder: IncarnationID = Self.peer
  ) -> ExchangeNews {
    var news = ShardVersionBoard.News()
    news.announcements = announcements.map {
      .init(shard: $0.0, version: Self.version($0.1), sequence: $0.1)
    }
    news.sequence = sequence
    news.asOf = asOf.map { [Self.origin: $0] }
    return ExchangeNews(
      nonce: 1, responder: responder, news: news, retirements: 0, wantsReports: false)
  }

  static func recorded(_ news: ExchangeNews..., held: [ShardVersion?] = [nil, nil]) -> OwedTable {
    var table = OwedTable()
    for item in news { table.record(item, held: held, grace: { _ in .zero }, at: .zero) }
    return table
  }

  @Test func `the bookmark moves when the news is recorded, and the debts stay`() {
    let table = Self.recorded(Self.news([(Self.shard, 3), (Self.other, 4)], through: 4))
    #expect(table.bookmark == 4)
    #expect(table.due(at: .zero, limit: 9) == [Self.shard, Self.other])
  }

  @Test func `a section older than the latest announcement does not settle the debt`() {
    var table = Self.recorded(
      Self.news([(Self.shard, 3)], through: 3), Self.news([(Self.shard, 8)], through: 8))
    table.settle(Self.shard, announced: 5)
    #expect(table.count == 1)
    table.settle(Self.shard, announced: 8)
    #expect(table.count == 0)
  }

  /// News that comes all the time keeps nobody from having caught up with what there was.
  @Test func `what was announced first is settled though more is owed`() {
    var table = Self.recorded(
      Self.news([(Self.shard, 3)], through: 3), Self.news([(Self.other, 4)], through: 4))
    #expect(table.owes(Self.shard) && table.owes(announcedThrough: 3))
    table.settle(Self.shard, announced: 3)
    #expect(!table.owes(Self.shard) && table.owes(Self.other))
    #expect(!table.owes(announcedThrough: 3) && table.owes(announcedThrough: 4))
  }

  @Test func `a version we dominate is no debt`() {
    let table = Self.recorded(
      Self.news([(Self.shard, 3)], through: 3), held: [Self.version(3)])
    #expect(table.count == 0)
  }

  @Test func `an older answer that comes after a later one settles nothing of that`() {
    var table = Self.recorded(Self.news([(Self.shard, 8)], through: 8, asOf: 200))
    table.record(
      Self.news([(Self.shard, 3)], through: 3, asOf: 100), held: [Self.version(3)],
      grace: { _ in .zero }, at: .zero)
    #expect(table.due(at: .zero, limit: 9) == [Self.shard])
    #expect(table.bookmark == 8)
    #expect(table.takeFreshness() == nil)
  }

  @Test func `another life of the peer starts from zero`() {
    var table = Self.recorded(Self.news([(Self.shard, 30)], through: 30))
    table.record(
      Self.news([(Self.other, 2)], through: 2, by: IncarnationID(rawValue: 8)), held: [nil],
      grace: { _ in .zero }, at: .zero)
    #expect(table.bookmark == 2)
    #expect(table.due(at: .zero, limit: 9) == [Self.other])
  }

  @Test func `freshness is adopted only when all that was announced by then is settled`() {
    var table = Self.recorded(
      Self.news([(Self.shard, 3)], through: 3, asOf: 100),
      Self.news([], through: 3, asOf: 110), Self.news([(Self.other, 5)], through: 5, asOf: 120))
    #expect(table.takeFreshness() == nil)
    table.settle(Self.shard, announced: 3)
    #expect(table.takeFreshness() == [Self.origin: 110])
    table.settle(Self.other, announced: 5)
    #expect(table.takeFreshness() == [Self.origin: 120])
  }

  @Test func `a shard announced again still holds back the freshness of its first announcement`() {
    var table = Self.recorded(
      Self.news([(Self.shard, 3)], through: 3, asOf: 100),
      Self.news([(Self.shard, 9)], through: 9, asOf: 200))
    #expect(table.takeFreshness() == nil)
    table.settle(Self.shard, announced: 4)
    #expect(table.takeFreshness() == [Self.origin: 100])
    table.settle(Self.shard, announced: 9)
    #expect(table.takeFreshness() == [Self.origin: 200])
  }

  @Test func `a pull that came to nothing is tried again later and later`() {
    var table = Self.recorded(Self.news([(Self.shard, 3)], through: 3))
    var generator = SplitMix64(seed: 1)
    var now = MonotonicTime.zero
    var delays: [Duration] = []
    for _ in 0..<12 {
      table.postpone(Self.shard, at: now, using: &generator)
      #expect(table.due(at: now, limit: 9).isEmpty)
      let next = table.nextDue!
      delays.append(now.duration(to: next))
      now = next
      #expect(table.due(at: now, limit: 9) == [Self.shard])
    }
    #expect(delays[0] <= .milliseconds(10))
    #expect(delays[11] > .seconds(2) && delays[11] <= .seconds(5))
  }

  @Test func `a debt left to another link waits its grace`() {
    var table = OwedTable()
    table.record(
      Self.news([(Self.shard, 3)], through: 3), held: [nil], grace: { _ in .milliseconds(50) },
      at: .zero)
    #expect(table.due(at: .zero, limit: 9).isEmpty)
    #expect(table.due(at: .zero.advanced(by: .milliseconds(50)), limit: 9) == [Self.shard])
  }
}
