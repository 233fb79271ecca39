/// Finds what a mistyped name was probably meant to be.
package enum Spelling {
  /// Names longer than this are not corrected: the search takes quadratic time.
  private static let byteLimit = 64

  /// The candidate nearest to `name`, if it is near; the earlier of two equally near ones.
  package static func nearest(to name: String, among candidates: [String]) -> String? {
    guard name.utf8.count <= Self.byteLimit else { return nil }
    let limit = max(1, min(3, name.utf8.count / 3))
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
      let distance = Self.distance(Array(name.utf8), Array(candidate.utf8))
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.candidate
  }

  /// How many bytes must be inserted, removed, replaced, or swapped with their neighbour.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
      var next = [row + 1]
      for column in right.indices {
        let isSame = left[row] == right[column]
        var cost = min(
          last[column] + (isSame ? 0 : 1), last[column + 1] + 1, next[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        next.append(cost)
      }
      (beforeLast, last) = (last, next)
    }
    return last[right.count]
  }
}
