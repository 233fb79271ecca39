internal import EkkoCore
internal import EkkoStorage

/// L2 for lives that end without warning: what a node has known of a shard for some time is in the
/// shard's file.
struct SavingDuty {
  /// What was known at a moment and has to be in the file before long.
  private var owed: (knowledge: VersionVector, since: MonotonicTime)?

  /// Notes what is known now.
  ///
  /// - Parameters:
  ///   - hasChanged: whether that is more than it was.
  ///   - now: by the node's own clock; so `resumed`, since when it has not been paused.
  ///   - bound: how old the file may be.
  ///   - file: what it says it knows; asked for when something is due.
  /// - Returns: what should be in the file and is not.
  mutating func note(
    _ known: VersionVector, hasChanged: Bool, retired: Set<IncarnationID>,
    at now: MonotonicTime, resumed: MonotonicTime, bound: Duration, file: () -> VersionVector?
  ) -> VersionVector? {
    guard let owed = self.owed else {
      if hasChanged { self.owed = (known, now) }
      return nil
    }
    guard max(owed.since, resumed).duration(to: now) > bound else { return nil }
    let held = file() ?? VersionVector()
    var missing = owed.knowledge.subtracting(held)
    for origin in retired { missing.remove(origin) }
    self.owed = held.dominates(known) ? nil : (known, now)
    return missing.isEmpty ? nil : missing
  }

  /// Nothing of what was known counts any more.
  mutating func cancel() { self.owed = nil }
}

extension SimulatedDisk {
  /// What the snapshot file of a shard says it knows, as the product ended it; `nil` without one.
  func knowledge(of shard: ShardID) -> VersionVector? {
    guard let content = self.files[ShardSnapshot.name(of: shard)]?.content else { return nil }
    do {
      var reader = ByteReader(content.span)
      // Magic and format.
      _ = try (reader.readUInt64(), reader.readUInt16())
      let first = SnapshotHeader.prefixByteCount + Int(try reader.readUInt32())
      guard first + SnapshotHeader.trailerByteCount <= content.count else { return nil }
      let items = Array(content[first..<content.count - SnapshotHeader.trailerByteCount])
      for case .end(let end) in try SectionItem.decodeAll(items.span) { return end.knowledge }
      return nil
    } catch {
      return nil
    }
  }
}
