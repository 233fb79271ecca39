internal import EkkoCore

/// Chooses one in sixteen of what would cost too much to look at every time, and what to look at.
struct Sampling {
  private var generator: SplitMix64
  private var countdown = 0

  private static let interval = 16

  init(generator: SplitMix64) { self.generator = generator }

  /// Whether this time is one of those to look.
  var isDue: Bool {
    mutating get {
      self.countdown += 1
      return self.countdown % Self.interval == 0
    }
  }

  /// Any of `elements`, which are not none.
  mutating func choose<Element>(of elements: [Element]) -> Element {
    elements[self.generator.below(elements.count)]
  }
}
