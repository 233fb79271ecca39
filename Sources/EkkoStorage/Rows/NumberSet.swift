/// A set of small numbers, one bit each, that is asked for its smallest.
struct NumberSet: Sendable {
  private var words: [UInt64] = []
  /// No word before this one has a bit.
  private var firstWord = 0
  private(set) var count = 0

  init() {}

  init(below end: Int) {
    self.words = Array(repeating: .max, count: end / 64)
    if end % 64 > 0 { self.words.append((1 << UInt64(end % 64)) - 1) }
    self.count = end
  }

  var isEmpty: Bool { self.count == 0 }

  /// Adds a number that is not in the set.
  mutating func insert(_ number: Int) {
    let (word, bit) = (number >> 6, UInt64(1) << UInt64(number & 63))
    if word >= self.words.count {
      self.words.append(contentsOf: repeatElement(0, count: word + 1 - self.words.count))
    }
    precondition(self.words[word] & bit == 0, "\(number) is in the set already")
    self.words[word] |= bit
    self.firstWord = min(self.firstWord, word)
    self.count += 1
  }

  /// - Returns: whether it was in the set.
  mutating func remove(_ number: Int) -> Bool {
    let (word, bit) = (number >> 6, UInt64(1) << UInt64(number & 63))
    guard word < self.words.count, self.words[word] & bit != 0 else { return false }
    self.words[word] ^= bit
    self.count -= 1
    // An empty set holds no memory.
    if self.count == 0 { self = NumberSet() }
    return true
  }

  /// The smallest. Constant but for words that have become empty, each of which is passed once.
  mutating func first() -> Int? {
    guard self.count > 0 else { return nil }
    while self.words[self.firstWord] == 0 { self.firstWord += 1 }
    return self.firstWord << 6 + self.words[self.firstWord].trailingZeroBitCount
  }
}
