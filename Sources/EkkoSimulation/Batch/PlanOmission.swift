/// What of a seed's plan is left out, as it stands in a replay line: `faults:3-7,9,operations:1-40`.
package struct PlanOmission: Hashable, Sendable {
  /// By part, ascending and without repetition.
  private var places: [PlanPart: [Int]] = [:]

  package init() {}

  package subscript(part: PlanPart) -> [Int] {
    get { self.places[part] ?? [] }
    set { self.places[part] = newValue.isEmpty ? nil : Set(newValue).sorted() }
  }

  package var isEmpty: Bool { self.places.isEmpty }

  /// What of it is not in `other`.
  package func subtracting(_ other: PlanOmission) -> PlanOmission {
    var rest = PlanOmission()
    for (part, places) in self.places {
      let others = Set(other[part])
      rest[part] = places.filter { !others.contains($0) }
    }
    return rest
  }
}

// MARK: Text

extension PlanOmission: CustomStringConvertible {
  package struct ParseError: Error, Hashable {
    package let word: String
  }

  /// No plan has an item beyond it: a line cannot make a set larger than this.
  private static let placeLimit = 1_000_000

  package var description: String {
    PlanPart.allCases.compactMap { part in
      self[part].isEmpty ? nil : "\(part.rawValue):\(Self.ranges(self[part]))"
    }.joined(separator: ",")
  }

  private static func ranges(_ places: [Int]) -> String {
    var words: [String] = []
    var rest = places[...]
    while let first = rest.popFirst() {
      var last = first
      while let next = rest.first, next == last + 1 {
        last = next
        rest.removeFirst()
      }
      words.append(first == last ? "\(first)" : "\(first)-\(last)")
    }
    return words.joined(separator: ",")
  }

  /// Reads what `description` gives. A word without a part belongs to that of the word before it.
  package init(parsing text: String) throws(ParseError) {
    var part: PlanPart?
    var found: [PlanPart: Set<Int>] = [:]
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      var range = word
      if let colon = word.firstIndex(of: ":") {
        part = PlanPart(rawValue: String(word[..<colon]))
        range = word[word.index(after: colon)...]
      }
      let ends = range.split(separator: "-", omittingEmptySubsequences: false).map {
        Self.place($0)
      }
      guard let part, let first = ends[0], let last = ends[ends.count - 1], ends.count <= 2,
        first <= last
      else { throw ParseError(word: String(word)) }
      found[part, default: []].formUnion(first...last)
    }
    for (part, places) in found { self[part] = Array(places) }
  }

  private static func place(_ digits: Substring) -> Int? {
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let place = Int(digits),
      place < Self.placeLimit
    else { return nil }
    return place
  }
}
