/// Parses one line of MovieTweetings, `user::item::rating::unix_seconds`, and appends it to a
/// batch. The label is 1 for a rating of 7 or more (of 0 … 10).
struct RatingRow: Sendable {
  static let fieldCount = 4
  static let lowestGoodRating = 7

  private var features = RatingFeatures()

  mutating func parse(_ line: Span<UInt8>, into batch: inout ExampleBatch) -> RowOutcome {
    var starts = [5 of Int](repeating: 0)
    let fieldCount = Self.cut(line, starts: &starts)
    guard fieldCount == Self.fieldCount else { return .ragged(fieldCount: fieldCount) }
    starts[4] = line.count + 2
    let user = line.extracting(starts[0]..<(starts[1] - 2))
    let item = line.extracting(starts[1]..<(starts[2] - 2))
    guard !user.isEmpty, !item.isEmpty,
      let rating = DecimalText.integer(line.extracting(starts[2]..<(starts[3] - 2))),
      let seconds = DecimalText.integer(line.extracting(starts[3]..<(starts[4] - 2))),
      (0...10).contains(rating), let time = UInt32(exactly: seconds)
    else { return .malformed }
    let liked = rating >= Self.lowestGoodRating
    self.features.stage(user: user, item: item, into: &batch)
    self.features.observe(user: user, item: item, liked: liked)
    batch.commit(label: liked ? 1 : 0, seconds: time)
    return .accepted
  }

  /// Whether `line` may be of this format at all: at least two `::`.
  static func recognises(_ line: Span<UInt8>) -> Bool {
    var starts = [5 of Int](repeating: 0)
    return Self.cut(line, starts: &starts) > 2
  }

  /// Finds where fields begin and returns their number; starts beyond the fourth are not kept.
  private static func cut(_ line: Span<UInt8>, starts: inout [5 of Int]) -> Int {
    var fieldCount = 1
    var index = 0
    while index + 1 < line.count {
      guard line[index] == UInt8(ascii: ":"), line[index + 1] == UInt8(ascii: ":") else {
        index += 1
        continue
      }
      index += 2
      if fieldCount < Self.fieldCount { starts[fieldCount] = index }
      fieldCount += 1
    }
    return fieldCount
  }
}
