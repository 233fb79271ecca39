package import EkkoCore

/// Gives each origin seen by a shard a small index, so that a row stores 2 bytes instead of 8.
///
/// Indices are never reused while the shard lives. Retired origins keep theirs until overwritten.
package struct OriginTable: Sendable {
  /// So many lives fit the index that a row stores.
  package static let limit = 1 << 16

  package private(set) var incarnations: [IncarnationID] = []
  package private(set) var retired: Set<IncarnationID> = []

  package var count: Int { self.incarnations.count }

  package subscript(index: UInt32) -> IncarnationID { self.incarnations[Int(index)] }

  /// The index of `origin`, given one if it is new. There are few; the newest are asked for most.
  package mutating func intern(_ origin: IncarnationID) -> UInt32 {
    if let known = self.index(of: origin) { return known }
    precondition(self.count < Self.limit, "more origins than a row can tell apart")
    self.incarnations.append(origin)
    return UInt32(self.incarnations.count - 1)
  }

  package func index(of origin: IncarnationID) -> UInt32? {
    self.incarnations.lastIndex(of: origin).map { UInt32($0) }
  }

  @inline(__always)
  package func isRetired(_ index: UInt32) -> Bool {
    !self.retired.isEmpty && self.retired.contains(self.incarnations[Int(index)])
  }

  package mutating func retire(_ origin: IncarnationID) { self.retired.insert(origin) }

  /// `vector` as one number per index, for comparisons row by row. A retired origin counts as
  /// known everywhere.
  package func bounds(of vector: VersionVector) -> [UInt64] {
    #if PlantedBugs
      if PlantedBug.active == .retiredRowsUnknown {
        return self.incarnations.map { vector[$0].rawValue }
      }
    #endif
    return self.incarnations.map { self.retired.contains($0) ? .max : vector[$0].rawValue }
  }

  /// `bounds` as a vector; the inverse of `bounds(of:)` for origins in this table.
  package func vector(of bounds: [UInt64]) -> VersionVector {
    var vector = VersionVector()
    for (origin, bound) in zip(self.incarnations, bounds) where !self.retired.contains(origin) {
      vector.observe(ParameterVersion(timestamp: Timestamp(rawValue: bound), origin: origin))
    }
    return vector
  }
}
