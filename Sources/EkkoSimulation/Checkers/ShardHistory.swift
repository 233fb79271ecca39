package import EkkoCore
internal import EkkoStorage

/// Everything that was ever issued for one shard, by anyone: the oracle that replicas are compared with.
///
/// Filled by watching origins, never told by the product.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class ShardHistory: @unchecked Sendable {
  /// A row of a shard, wherever it is held.
  struct RowKey: Hashable, Sendable {
    let table: UInt16
    let key: UInt64
  }

  struct Update: Sendable {
    let timestamp: Timestamp
    let row: RowKey
    let isTombstone: Bool
    /// Its place among all that was issued.
    let number: Int
  }

  /// The one content of a version, by form as far as it has been seen.
  private struct Content {
    let row: RowKey
    let isTombstone: Bool
    /// In the simulation's time.
    let issuedAt: Int64
    /// By `FormClass`: full, serving.
    var hashes: [UInt64?] = [nil, nil]
  }

  /// What a replica knows, and the rows it holds beyond that.
  struct Standing: Equatable {
    let knowledge: VersionVector
    let ahead: VersionVector

    /// Retired origins are in the vectors of those who have not heard of it.
    func without(_ retired: Set<IncarnationID>) -> Standing {
      var (knowledge, ahead) = (self.knowledge, self.ahead)
      for origin in retired {
        knowledge.remove(origin)
        ahead.remove(origin)
      }
      return Standing(knowledge: knowledge, ahead: ahead)
    }
  }

  let shard: ShardID
  private var updates: [IncarnationID: [Update]] = [:]
  private var contents: [ParameterVersion: Content] = [:]
  /// Versions that no client's write was given, rows restored or recovered under another version: how
  /// much had been issued by then.
  private var reissued: [ParameterVersion: Int] = [:]
  private var issueCount = 0
  private var reissuedRows: Set<RowKey> = []
  private var latest: [IncarnationID: Timestamp] = [:]
  /// Origins that some replica has retired, and every other one is about to.
  private(set) var retired: Set<IncarnationID> = []
  /// All deletions of a row.
  private var tombstones: [RowKey: [ParameterVersion]] = [:]
  /// What each shard version stood for when it was issued.
  private var shardVersions: [ShardVersion: Standing] = [:]
  /// Which version of an origin first held a value that no other write puts.
  private var writers: [UniqueValue: ParameterVersion] = [:]
  /// Per table, the shortest time that its rows have lived at any replica; zero for ever.
  private var timesToLive: [UInt64] = []
  private let walls: WallRecord

  private struct UniqueValue: Hashable {
    let origin: IncarnationID
    let row: RowKey
    let value: UInt64
  }

  init(shard: ShardID, walls: WallRecord) {
    self.shard = shard
    self.walls = walls
  }

  // MARK: Issuing

  /// Notes that an origin holds a new version of its own. In ascending order of an origin's times.
  ///
  /// - Parameter value: a number for the row's weights if every write puts others.
  func issue(
    _ version: ParameterVersion, of row: RowKey, isTombstone: Bool, hash: UInt64,
    form: FormClass, value: UInt64?
  ) throws(Violation) {
    if self.contents[version] != nil {
      return try self.confirm(
        version, of: row, isTombstone: isTombstone, hash: hash, form: form)
    }
    if let last = self.updates[version.origin]?.last, last.timestamp >= version.timestamp {
      throw Violation(
        .k4, "\(self.name(row)): \(version.text) is issued after \(last.timestamp.rawValue)")
    }
    var content = Content(row: row, isTombstone: isTombstone, issuedAt: self.walls.time)
    content.hashes[form == .full ? 0 : 1] = hash
    self.contents[version] = content
    self.latest[version.origin] = max(self.latest[version.origin] ?? .zero, version.timestamp)
    self.updates[version.origin, default: []].append(
      Update(
        timestamp: version.timestamp, row: row, isTombstone: isTombstone, number: self.issueCount))
    self.issueCount += 1
    if isTombstone {
      self.tombstones[row, default: []].append(version)
    } else if let value {
      let unique = UniqueValue(origin: version.origin, row: row, value: value)
      if let first = self.writers[unique], first != version {
        throw Violation(
          .e1, "\(self.name(row)): one write is applied as \(first.text) and as \(version.text)")
      }
      self.writers[unique] = version
    }
  }

  /// Notes how far an origin's own knowledge says that it has issued.
  func noteIssued(through timestamp: Timestamp, by origin: IncarnationID) {
    self.latest[origin] = max(self.latest[origin] ?? .zero, timestamp)
  }

  /// A replica holds a version of another origin: it must have been issued, with this content.
  func confirm(
    _ version: ParameterVersion, of row: RowKey, isTombstone: Bool, hash: UInt64,
    form: FormClass
  ) throws(Violation) {
    guard var content = self.contents[version] else {
      throw Violation(.k2, "\(self.name(row)): version \(version.text) was never issued")
    }
    guard content.row == row, content.isTombstone == isTombstone else {
      throw Violation(
        .k3, "version \(version.text) stands for \(self.name(content.row)) and \(self.name(row))")
    }
    let place = form == .full ? 0 : 1
    guard let known = content.hashes[place] else {
      content.hashes[place] = hash
      self.contents[version] = content
      return
    }
    guard known == hash || isTombstone else {
      throw Violation(.k3, "\(self.name(row)): version \(version.text) has two values")
    }
  }

  // MARK: Asking

  /// The largest time that `origin` has issued.
  func latest(of origin: IncarnationID) -> Timestamp { self.latest[origin] ?? .zero }

  /// The origins that a shard knows and that were never seen to issue anything.
  func originsNeverSeen(in shard: borrowing Shard) -> Set<IncarnationID> {
    Set(shard.knowledge.entries.map(\.origin).filter { self.latest[$0] == nil })
  }

  /// Whether a row was restored, or recovered, as this version after `update` was issued. A clock that
  /// had gone back may have put it before what it stands in for, so its place in the order of times says
  /// little.
  func standsIn(_ version: ParameterVersion, for update: Update) -> Bool {
    self.reissued[version].map { update.number < $0 } ?? false
  }

  /// Whether a row was ever issued anew: what was seen of it before may have had a later version.
  func wasReissued(_ row: RowKey) -> Bool { self.reissuedRows.contains(row) }

  func noteReissue(_ version: ParameterVersion, of row: RowKey) {
    self.reissued[version] = self.reissued[version] ?? self.issueCount
    self.reissuedRows.insert(row)
  }

  func isIssued(_ version: ParameterVersion) -> Bool { self.contents[version] != nil }

  /// What `origin` issued after `low`, up to `high`.
  func updates(
    of origin: IncarnationID, after low: Timestamp, through high: Timestamp
  ) -> ArraySlice<Update> {
    guard let all = self.updates[origin] else { return [] }
    let first = all.firstPlace { $0.timestamp > low }
    let end = all.firstPlace { $0.timestamp > high }
    return all[first..<max(first, end)]
  }

  /// Notes how long rows live by what one replica knows of the schemas: others may not have heard of a
  /// change yet, or have heard of it before.
  func noteTimesToLive(of shard: borrowing Shard) {
    for table in shard.tables.indices {
      let life = UInt64(shard.tables[table].schema.timeToLiveSeconds)
      if table == self.timesToLive.count {
        self.timesToLive.append(life)
      } else if life > 0, self.timesToLive[table] == 0 || life < self.timesToLive[table] {
        self.timesToLive[table] = life
      }
    }
  }

  /// Whether a row of `version` has expired by the fastest clock there was since it was issued.
  func isExpired(_ row: RowKey, _ version: ParameterVersion) -> Bool {
    guard Int(row.table) < self.timesToLive.count, case let life = self.timesToLive[Int(row.table)],
      life > 0
    else { return false }
    let wall = self.walls.latest(since: self.contents[version]?.issuedAt ?? 0)
    return version.timestamp.microseconds + life * 1_000_000 <= wall.microseconds
  }

  /// Whether a replica that once had `version` of a row may have none: the row has expired, or was
  /// deleted since, and the replica has heard of that.
  func mayBeGone(
    _ row: RowKey, _ version: ParameterVersion, whereHeard: (ParameterVersion) -> Bool
  ) -> Bool {
    if let tombstones = self.tombstones[row],
      tombstones.contains(where: { $0 >= version && whereHeard($0) })
    {
      return true
    }
    return self.isExpired(row, version)
  }

  func noteRetired(_ origins: Set<IncarnationID>) { self.retired.formUnion(origins) }

  // MARK: Shard versions

  func issueShardVersion(
    _ version: ShardVersion, at standing: Standing
  ) throws(Violation) {
    if let known = self.shardVersions[version],
      known.without(self.retired) != standing.without(self.retired)
    {
      throw Violation(.s1, "\(self.shard.text): \(version.text) is issued twice")
    }
    self.shardVersions[version] = standing
  }

  /// What every holder of `version` has, no less and no more; `nil` if its issue was not seen.
  func standing(of version: ShardVersion) -> Standing? { self.shardVersions[version] }

  func name(_ row: RowKey) -> String { "\(self.shard.text) table \(row.table) key \(row.key)" }
}

extension Array {
  /// The first place whose element satisfies `isLater`, in an array parted by it.
  fileprivate func firstPlace(where isLater: (Element) -> Bool) -> Int {
    var low = 0
    var high = self.count
    while low < high {
      let middle = (low + high) / 2
      if isLater(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension ShardID {
  package var text: String { "shard \(self.model.rawValue)/\(self.index)" }
}

extension ParameterVersion {
  package var text: String { "\(self.timestamp.rawValue)@\(self.origin.text)" }
}

extension ShardVersion {
  package var text: String { "(\(self.counter), \(self.issuer.text))" }
}

extension VersionVector {
  package var text: String {
    let entries = self.entries.map { "\($0.timestamp.rawValue)@\($0.origin.text)" }
    return "{" + entries.joined(separator: ", ") + "}"
  }
}

extension ShardHistory.Standing {
  var text: String { "\(self.knowledge.text) and rows to \(self.ahead.text)" }
}

extension IncarnationID {
  package var text: String { String(self.rawValue, radix: 16) }
}
