package import EkkoCore

/// The peer's arrival sequence up to which its answers were last merged, per shard: the cache walk of the
/// next answer begins there.
///
/// A mark stands for the rows that came with it. A replica that has replaced its rows since may know less
/// than it did then, and the mark means nothing any more: what lies before it is wanted again.
package struct AnswerMarks: Sendable {
  private var marks: [ShardID: (sequence: UInt64, knowledge: VersionVector)] = [:]

  package init() {}

  /// What to ask with while `knowledge` is held; zero for none.
  package mutating func mark(for shard: ShardID, knowing knowledge: VersionVector) -> UInt64 {
    guard let mark = self.marks[shard] else { return 0 }
    guard knowledge.dominates(mark.knowledge) else {
      self.marks[shard] = nil
      return 0
    }
    return mark.sequence
  }

  /// An answer was merged that stands for the peer's rows up to `sequence`; after it `knowledge` was held.
  package mutating func note(
    _ sequence: UInt64, for shard: ShardID, knowing knowledge: VersionVector
  ) {
    self.marks[shard] = (sequence, knowledge)
  }
}
