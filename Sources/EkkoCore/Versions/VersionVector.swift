/// Origin → largest time (Ekko §4.3, *shard knowledge*; also DVV and the other vectors).
///
/// Only partially ordered. An absent origin means zero, and a zero entry is never stored, so equal
/// knowledge is equal in memory (canonical form: entries ascend by origin).
public struct VersionVector: Hashable, Sendable {
  public struct Entry: Hashable, Sendable {
    public let origin: IncarnationID
    public fileprivate(set) var timestamp: Timestamp
  }

  public private(set) var entries: [Entry] = []

  /// A vector with more entries than this is not read: the four of a section's end fit a frame.
  package static let entryLimit = 4096

  package init() {}

  package init(_ versions: [ParameterVersion]) {
    for version in versions { self.observe(version) }
  }

  public var isEmpty: Bool { self.entries.isEmpty }

  public var count: Int { self.entries.count }

  public subscript(origin: IncarnationID) -> Timestamp {
    let place = self.place(of: origin)
    guard place < self.entries.count, self.entries[place].origin == origin else { return .zero }
    return self.entries[place].timestamp
  }

  /// The largest time of all origins; zero if it is empty.
  package var latestTime: Timestamp { self.entries.reduce(.zero) { max($0, $1.timestamp) } }

  /// Whether this knowledge includes the update `version`.
  public func covers(_ version: ParameterVersion) -> Bool {
    self[version.origin] >= version.timestamp
  }

  /// Whether this knowledge includes everything `other` includes. O(n + m), over the union.
  public func dominates(_ other: VersionVector) -> Bool {
    var mine = 0
    for entry in other.entries {
      while mine < self.entries.count, self.entries[mine].origin < entry.origin { mine += 1 }
      guard mine < self.entries.count, self.entries[mine].origin == entry.origin,
        self.entries[mine].timestamp >= entry.timestamp
      else { return false }
    }
    return true
  }

  /// Raises the entry of `version.origin` to at least `version.timestamp`.
  package mutating func observe(_ version: ParameterVersion) {
    guard version.timestamp > .zero else { return }
    let place = self.place(of: version.origin)
    if place < self.entries.count, self.entries[place].origin == version.origin {
      self.entries[place].timestamp = max(self.entries[place].timestamp, version.timestamp)
    } else {
      self.entries.insert(
        Entry(origin: version.origin, timestamp: version.timestamp), at: place)
    }
  }

  /// The point-wise maximum.
  package mutating func merge(_ other: VersionVector) {
    guard !self.isEmpty else {
      self.entries = other.entries
      return
    }
    for entry in other.entries {
      self.observe(ParameterVersion(timestamp: entry.timestamp, origin: entry.origin))
    }
  }

  /// The point-wise minimum: what both know.
  package func intersection(_ other: VersionVector) -> VersionVector {
    var result = VersionVector()
    result.entries.reserveCapacity(min(self.count, other.count))
    var place = 0
    for entry in self.entries {
      while place < other.count, other.entries[place].origin < entry.origin { place += 1 }
      guard place < other.count else { break }
      guard other.entries[place].origin == entry.origin else { continue }
      let timestamp = min(entry.timestamp, other.entries[place].timestamp)
      result.entries.append(Entry(origin: entry.origin, timestamp: timestamp))
    }
    return result
  }

  /// What of this vector `other` does not include.
  package func subtracting(_ other: VersionVector) -> VersionVector {
    var result = self
    result.entries.removeAll { $0.timestamp <= other[$0.origin] }
    return result
  }

  /// Forgets an origin altogether (retirement only).
  package mutating func remove(_ origin: IncarnationID) {
    self.entries.removeAll { $0.origin == origin }
  }

  private func place(of origin: IncarnationID) -> Int {
    var low = 0
    var high = self.entries.count
    while low < high {
      let middle = (low + high) / 2
      if self.entries[middle].origin < origin { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
