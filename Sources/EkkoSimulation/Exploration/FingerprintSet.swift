import EkkoCore

/// A set of 64-bit fingerprints in one flat block: ten bytes and a bit per element and no hashing, for
/// fingerprints are hashes already.
struct FingerprintSet: Sendable {
  /// Open addressing; zero marks an empty place.
  private var places: [UInt64]
  private(set) var count = 0

  init() { self.places = Array(repeating: 0, count: 1 << 12) }

  func contains(_ fingerprint: UInt64) -> Bool {
    let value = Self.stored(fingerprint)
    return self.places[self.place(of: value)] == value
  }

  /// - Returns: whether the fingerprint is new.
  mutating func insert(_ fingerprint: UInt64) -> Bool {
    let value = Self.stored(fingerprint)
    let place = self.place(of: value)
    guard self.places[place] != value else { return false }
    self.places[place] = value
    self.count += 1
    if self.count * 10 > self.places.count * 7 { self.grow() }
    return true
  }

  mutating func formUnion(_ other: [UInt64]) {
    for fingerprint in other { _ = self.insert(fingerprint) }
  }

  /// Zero is not storable: it shares its place with one.
  private static func stored(_ fingerprint: UInt64) -> UInt64 { max(fingerprint, 1) }

  /// Where `value` is, or where it would go.
  private func place(of value: UInt64) -> Int {
    let mask = self.places.count - 1
    var place = Int(truncatingIfNeeded: value) & mask
    while self.places[place] != 0, self.places[place] != value { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    let old = self.places
    self.places = Array(repeating: 0, count: old.count * 2)
    for value in old where value != 0 { self.places[self.place(of: value)] = value }
  }
}
