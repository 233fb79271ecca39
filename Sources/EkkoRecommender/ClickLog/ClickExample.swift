/// One impression of a click log: what was shown to whom, and whether it was liked.
package struct ClickExample: Hashable, Sendable {
  /// 1 for a click (a good rating), 0 for none.
  package var label: Float
  /// One key per field of the layout: XXH64 of the text `name=value` (DESIGN §4).
  package var features: [UInt64]
  /// The dense inputs of the layout, scaled to about −1 … 1.
  package var numbers: [Float]
  /// When it happened, in seconds since 1970, if the source says.
  package var seconds: UInt32?

  package init(label: Float, features: [UInt64], numbers: [Float] = [], seconds: UInt32? = nil) {
    self.label = label
    self.features = features
    self.numbers = numbers
    self.seconds = seconds
  }
}
