internal import EkkoCore

/// The features of (user, item) pairs, from what was observed of both so far.
///
/// History is kept in two tables of fixed size, one slot per hash; a newcomer takes a taken slot
/// over, so memory does not grow with the log. A rating is described before it is observed.
package struct RatingFeatures: CandidateFeatures {
  package static let layout = ExampleLayout(
    fields: [
      "user", "item", "previous", "user_count", "item_count", "user_liked", "item_liked",
    ],
    numberCount: 4,
    crosses: [.init(1, 5), .init(0, 6), .init(5, 6), .init(1, 2), .init(3, 6), .init(4, 6)],
    itemField: 1)

  private static let slotCount = 1 << 17

  /// What is remembered of one user or item.
  private struct History: Sendable {
    var owner: UInt64 = 0
    var count: Int32 = 0
    var liked: Int32 = 0
    /// The item this user rated last; unused for items.
    var previous: UInt64 = 0

    /// Share of good ratings, drawn towards 0.7 by four imaginary ones.
    var likedShare: Float { (Float(self.liked) + 2.8) / (Float(self.count) + 4) }
  }

  private let hash = FeatureHash(fields: Self.layout.fields)
  private let previousOfNobody: UInt64
  private var users = [History](repeating: History(), count: Self.slotCount)
  private var items = [History](repeating: History(), count: Self.slotCount)

  package init() {
    self.previousOfNobody = self.hash.key(field: 2, value: [UInt8]().span)
  }

  /// An example for showing `item` to `user`, to be scored.
  package func example(user: String, item: String) -> ClickExample {
    var batch = ExampleBatch(layout: Self.layout)
    let (userBytes, itemBytes) = (Array(user.utf8), Array(item.utf8))
    self.stage(user: userBytes.span, item: itemBytes.span, into: &batch)
    batch.commit(label: 0, seconds: 0)
    return batch[0]
  }

  func stage(user: Span<UInt8>, item: Span<UInt8>, into batch: inout ExampleBatch) {
    let userKey = self.hash.key(field: 0, value: user)
    let itemKey = self.hash.key(field: 1, value: item)
    let userHistory = Self.history(of: userKey, in: self.users)
    let itemHistory = Self.history(of: itemKey, in: self.items)
    batch.stage(feature: userKey)
    batch.stage(feature: itemKey)
    batch.stage(
      feature: userHistory.count > 0 ? userHistory.previous : self.previousOfNobody)
    self.stageBucket(field: 3, Int(userHistory.count), into: &batch)
    self.stageBucket(field: 4, Int(itemHistory.count), into: &batch)
    batch.stage(feature: self.hash.key(field: 5, value: Int(userHistory.likedShare * 10)))
    batch.stage(feature: self.hash.key(field: 6, value: Int(itemHistory.likedShare * 20)))
    batch.stage(number: LogarithmicBucket.scaled(Int(userHistory.count)))
    batch.stage(number: LogarithmicBucket.scaled(Int(itemHistory.count)))
    batch.stage(number: userHistory.likedShare * 4 - 2.8)
    batch.stage(number: itemHistory.likedShare * 4 - 2.8)
  }

  private func stageBucket(field: Int, _ count: Int, into batch: inout ExampleBatch) {
    batch.stage(
      feature: self.hash.key(field: field, value: LogarithmicBucket.bucket(of: count)))
  }

  /// Remembers a rating. Counts stop rather than overflow.
  mutating func observe(user: Span<UInt8>, item: Span<UInt8>, liked: Bool) {
    let userKey = self.hash.key(field: 0, value: user)
    let itemKey = self.hash.key(field: 1, value: item)
    var userHistory = Self.history(of: userKey, in: self.users)
    var itemHistory = Self.history(of: itemKey, in: self.items)
    if userHistory.count < .max {
      userHistory.count += 1
      userHistory.liked += liked ? 1 : 0
    }
    if itemHistory.count < .max {
      itemHistory.count += 1
      itemHistory.liked += liked ? 1 : 0
    }
    userHistory.previous = self.hash.key(field: 2, value: item)
    self.users[Self.slot(of: userKey)] = userHistory
    self.items[Self.slot(of: itemKey)] = itemHistory
  }

  private static func history(of owner: UInt64, in table: [History]) -> History {
    let held = table[Self.slot(of: owner)]
    return held.owner == owner ? held : History(owner: owner)
  }

  private static func slot(of owner: UInt64) -> Int {
    Int(truncatingIfNeeded: SplitMix64.mix(owner)) & (Self.slotCount - 1)
  }
}
