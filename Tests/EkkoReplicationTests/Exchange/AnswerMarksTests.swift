import EkkoCore
import EkkoReplication
import Testing

@Suite struct AnswerMarksTests {
  private static let shard = ShardID(model: ModelID(rawValue: 1), index: 0)

  private static func vector(_ time: UInt64) -> VersionVector {
    VersionVector([
      ParameterVersion(timestamp: Timestamp(rawValue: time), origin: IncarnationID(rawValue: 9))
    ])
  }

  @Test func `a mark is asked with as long as what it stands for is known`() {
    var marks = AnswerMarks()
    #expect(marks.mark(for: Self.shard, knowing: Self.vector(5)) == 0)
    marks.note(7, for: Self.shard, knowing: Self.vector(5))
    #expect(marks.mark(for: Self.shard, knowing: Self.vector(5)) == 7)
    #expect(marks.mark(for: Self.shard, knowing: Self.vector(6)) == 7)
  }

  /// Found by simulation: the rows before the mark were replaced away, and never asked for again.
  @Test func `a replica that knows less than it did asks from the beginning, for good`() {
    var marks = AnswerMarks()
    marks.note(7, for: Self.shard, knowing: Self.vector(5))
    #expect(marks.mark(for: Self.shard, knowing: Self.vector(4)) == 0)
    // What it learns again elsewhere says nothing of this peer's rows.
    #expect(marks.mark(for: Self.shard, knowing: Self.vector(5)) == 0)
  }
}
