internal import EkkoCore
internal import EkkoStorage

/// The section items of a batch of frames by shard, so that each shard is entered once.
struct ShardDeliveries {
  /// In the order in which the shards first appear.
  private(set) var all: [(shard: ShardID, delivery: ShardActor.Delivery)] = []
  private var places: [ShardID: Int] = [:]

  /// Adds an item that was decoded from `buffer`, the one with this number among the frames. Items
  /// that belong to no shard are left out.
  mutating func append(_ item: SectionItem, of buffer: ArraySlice<UInt8>, number: Int) {
    guard let shard = item.shard else { return }
    let place = self.places[shard] ?? self.all.count
    if place == self.all.count {
      self.places[shard] = place
      self.all.append((shard, ShardActor.Delivery()))
    }
    self.all[place].delivery.append(item, of: buffer, number: number)
  }

  /// What is applied in one go, in rows: it takes about a tenth of a millisecond.
  private static let groupWeight = 256

  /// Each with its shard and the section that it belongs to, without those that nobody waits for; in groups
  /// of one loop.
  func groups(
    to shards: ShardDirectory, for receptions: [ShardID: SectionReception]
  ) -> [[ShardActor.Parcel]] {
    let parcels = self.all.compactMap { shard, delivery -> ShardActor.Parcel? in
      guard let actor = shards[shard], let reception = receptions[shard] else { return nil }
      return ShardActor.Parcel(actor: actor, delivery: delivery, reception: reception)
    }
    return parcels.groupedByLoop(\.actor, limit: Self.groupWeight, weight: \.weight)
  }
}

extension ShardID {
  var traceValue: UInt64 { UInt64(self.model.rawValue) << 32 | UInt64(self.index) }
}
