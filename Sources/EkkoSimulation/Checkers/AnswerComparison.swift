internal import EkkoCore
internal import EkkoNode
internal import EkkoReplication
internal import EkkoStorage

/// C3 on samples: what a shard would answer from its update cache to what some other replica knows is
/// what a scan of all its rows finds. Some changes are looked at, for each costs a scan.
enum AnswerComparison {
  /// Compares the two answers to the shard of the same name in another life.
  static func compare(
    _ actor: ShardActor, asked life: NodeLife, _ history: ShardHistory
  ) -> Violation? {
    guard let asker = life.mirror(of: actor.id), let node = life.replica else { return nil }
    let (knowledge, incarnation) = (asker.knowledge, node.incarnation)
    let (hasGoneBack, retired) = (asker.hasGoneBack, asker.retired)
    return actor.assumeIsolated { actor in
      // Of an origin that only the asker has retired it wants nothing, whatever its marks are.
      guard retired.isSubset(of: actor.shard.origins.retired) else { return nil }
      return Self.compare(
        actor.shard, knowledge: knowledge, mark: hasGoneBack ? 0 : actor.marks[incarnation] ?? 0,
        of: asker, history)
    }
  }

  static func compare(
    _ shard: Shard, knowledge: VersionVector, mark: UInt64, of asker: ReplicaMirror,
    _ history: ShardHistory
  ) -> Violation? {
    var copy = shard
    var writer = ByteWriter()
    let request = SectionRequest(
      shard: shard.id, nonce: 1, epoch: shard.epoch, formClass: .serving, knowledge: knowledge,
      mark: mark)
    guard case .opened(let walk) = copy.openWalk(for: request, announced: 0, into: &writer),
      case .cache = copy.walks.last?.position, copy.walks.last?.mode == .difference
    else { return nil }
    while copy.continueWalk(walk, byteLimit: 1 << 20, into: &writer) == .more {}
    let answered = Self.rows(in: writer.bytes)
    var wanted: Set<ShardHistory.RowKey> = []
    for (table, rows) in shard.tables.enumerated() {
      for slot in 0..<rows.slotCount where rows.sequence(at: slot) != 0 {
        let stamp = rows.stamp(at: slot)
        let version = shard.version(of: stamp)
        guard !shard.origins.isRetired(stamp.origin), !knowledge.covers(version) else { continue }
        let row = ShardHistory.RowKey(table: UInt16(table), key: rows.key(at: slot))
        // With what it has merged up to the mark came rows beyond its knowledge.
        if stamp.sequence <= mark {
          if let held = asker.version(of: row) {
            if held >= version { continue }
          } else if history.mayBeGone(row, version, whereHeard: asker.hasHeard(of:)) {
            continue
          }
        }
        wanted.insert(row)
      }
    }
    guard answered != wanted else { return nil }
    return Violation(
      .c3, "\(shard.id.text): the cache answers \(answered.count) rows, a scan \(wanted.count)")
  }

  private static func rows(in bytes: [UInt8]) -> Set<ShardHistory.RowKey> {
    var found: Set<ShardHistory.RowKey> = []
    let items = (try? SectionItem.decodeAll(bytes.span)) ?? []
    for case .rows(let rows) in items {
      for entry in 0..<rows.count {
        found.insert(
          ShardHistory.RowKey(table: rows.table.rawValue, key: rows.key(entry, in: bytes.span)))
      }
    }
    return found
  }
}
