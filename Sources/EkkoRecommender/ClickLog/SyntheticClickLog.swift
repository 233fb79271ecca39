internal import EkkoCore
internal import Glibc

/// An endless click log drawn from a hidden model that moves: for demos without a file.
///
/// Users and items are drawn by Zipf's law, half of the items counted from the newest, and a new
/// item appears every few impressions, so the log always has cold items. Whether a user clicks
/// depends on the inner product of both hidden vectors and on the item's momentary appeal. Tastes
/// and appeals turn slowly, so a model that is trained on fresher rows scores better (Ekko §6.2.1).
/// The log is a function of the seed.
package struct SyntheticClickLog: ExampleSource, CandidateFeatures {
  package static let layout = ExampleLayout(
    fields: ["user", "item", "topic", "segment", "position"], numberCount: 1,
    crosses: [.init(0, 2), .init(3, 1), .init(3, 2)], itemField: 1)

  private static let userCount = 5_000
  private static let initialItemCount = 500
  private static let impressionsPerNewItem = 40
  private static let impressionsPerSecond: UInt64 = 100
  private static let firstSecond: UInt32 = 1_600_000_000
  private static let positionCount: UInt64 = 4

  private let hidden: HiddenPreferences
  private let hash = FeatureHash(fields: Self.layout.fields)
  private var draws: SplitMix64
  /// Impressions drawn so far: the log's time.
  package private(set) var impression = 0

  package init(seed: UInt64) {
    self.hidden = HiddenPreferences(seed: seed)
    self.draws = SplitMix64(seed: SplitMix64.mix(seed))
  }

  package var layout: ExampleLayout { Self.layout }

  /// Items that exist by now are numbered from 0 to below this, oldest first.
  package var itemCount: Int {
    Self.initialItemCount + self.impression / Self.impressionsPerNewItem
  }

  /// When item `item` appeared, in seconds since 1970.
  package static func creationSeconds(ofItem item: Int) -> UInt32 {
    Self.seconds(atImpression: max(0, item - Self.initialItemCount) * Self.impressionsPerNewItem)
  }

  /// The next `limit` impressions.
  package mutating func nextBatch(limit: Int) -> ExampleBatch? {
    var batch = ExampleBatch(layout: Self.layout, reservingCapacity: min(limit, 4096))
    for _ in 0..<limit { self.appendImpression(to: &batch) }
    return batch
  }

  package func example(user: String, item: String) -> ClickExample {
    var batch = ExampleBatch(layout: Self.layout)
    self.stage(
      user: Self.number(user), item: Self.number(item), position: 0, into: &batch)
    batch.commit(label: 0, seconds: Self.seconds(atImpression: self.impression))
    return batch[0]
  }

  /// The number that `text` says; other text is number 0, and what is absurdly large is bounded.
  private static func number(_ text: String) -> Int { min(max(Int(text) ?? 0, 0), 1 << 40) }

  private mutating func appendImpression(to batch: inout ExampleBatch) {
    let user = self.zipf(Self.userCount)
    let rank = self.zipf(self.itemCount)
    let item = self.draws.next() & 1 == 0 ? rank : self.itemCount - 1 - rank
    let position = Int(self.draws.next() % Self.positionCount)
    self.stage(user: user, item: item, position: position, into: &batch)
    let logit =
      self.hidden.logit(user: user, item: item, impression: self.impression)
      - 0.3 * Float(position)
    let isClick = Float(self.draws.nextUnit()) < Sigmoid.probability(ofLogit: logit)
    batch.commit(label: isClick ? 1 : 0, seconds: Self.seconds(atImpression: self.impression))
    self.impression += 1
  }

  private func stage(user: Int, item: Int, position: Int, into batch: inout ExampleBatch) {
    batch.stage(feature: self.hash.key(field: 0, value: user))
    batch.stage(feature: self.hash.key(field: 1, value: item))
    batch.stage(feature: self.hash.key(field: 2, value: self.hidden.topic(ofItem: item)))
    batch.stage(feature: self.hash.key(field: 3, value: self.hidden.segment(ofUser: user)))
    batch.stage(feature: self.hash.key(field: 4, value: position))
    // An item that does not exist yet may be asked about; it has no age.
    let now = Int(Self.seconds(atImpression: self.impression))
    let age = max(0, now - Int(Self.creationSeconds(ofItem: item)))
    batch.stage(number: LogarithmicBucket.scaled(age))
  }

  /// A rank below `count` with a probability in inverse proportion to it.
  private mutating func zipf(_ count: Int) -> Int {
    min(Int(pow(Double(count + 1), self.draws.nextUnit())) - 1, count - 1)
  }

  private static func seconds(atImpression impression: Int) -> UInt32 {
    // Beyond the year 2106 time stands still.
    let elapsed = UInt64(impression) / Self.impressionsPerSecond
    return UInt32(clamping: UInt64(Self.firstSecond) + elapsed)
  }
}
