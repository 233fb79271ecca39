/// Examples of one layout in flat arrays, the unit in which readers hand over and models compute.
///
/// Flat, because one array per example would cost more than parsing it.
package struct ExampleBatch: Hashable, Sendable {
  package let fieldCount: Int
  package let numberCount: Int
  package private(set) var labels: [Float] = []
  /// Row-major: `fieldCount` keys per example.
  package private(set) var features: [UInt64] = []
  /// Row-major: `numberCount` values per example.
  package private(set) var numbers: [Float] = []
  /// Seconds since 1970 per example; zero where the source has no time.
  package private(set) var seconds: [UInt32] = []

  package init(layout: ExampleLayout, reservingCapacity capacity: Int = 0) {
    self.fieldCount = layout.fieldCount
    self.numberCount = layout.numberCount
    self.labels.reserveCapacity(capacity)
    self.seconds.reserveCapacity(capacity)
    self.features.reserveCapacity(capacity * layout.fieldCount)
    self.numbers.reserveCapacity(capacity * layout.numberCount)
  }

  package var count: Int { self.labels.count }

  package var isEmpty: Bool { self.labels.isEmpty }

  package mutating func append(_ example: ClickExample) {
    for feature in example.features { self.stage(feature: feature) }
    for number in example.numbers { self.stage(number: number) }
    self.commit(label: example.label, seconds: example.seconds ?? 0)
  }

  package mutating func append(contentsOf other: ExampleBatch) {
    precondition(
      other.fieldCount == self.fieldCount && other.numberCount == self.numberCount,
      "batches of different layouts")
    self.labels += other.labels
    self.features += other.features
    self.numbers += other.numbers
    self.seconds += other.seconds
  }

  /// The example at `index`, copied out.
  package subscript(index: Int) -> ClickExample {
    ClickExample(
      label: self.labels[index],
      features: Array(self.features[(index * self.fieldCount)...].prefix(self.fieldCount)),
      numbers: Array(self.numbers[(index * self.numberCount)...].prefix(self.numberCount)),
      seconds: self.seconds[index] == 0 ? nil : self.seconds[index])
  }

  /// Adds a feature to the example being built; `commit` or `discard` ends it.
  @inline(__always)
  package mutating func stage(feature: UInt64) { self.features.append(feature) }

  @inline(__always)
  package mutating func stage(number: Float) { self.numbers.append(number) }

  /// Completes the example being built, which must fill the layout exactly.
  package mutating func commit(label: Float, seconds: UInt32) {
    self.labels.append(label)
    self.seconds.append(seconds)
    precondition(
      self.features.count == self.count * self.fieldCount
        && self.numbers.count == self.count * self.numberCount,
      "an example does not fill its layout")
  }

  /// Forgets the example being built.
  package mutating func discard() {
    self.features.removeLast(self.features.count - self.count * self.fieldCount)
    self.numbers.removeLast(self.numbers.count - self.count * self.numberCount)
  }
}
