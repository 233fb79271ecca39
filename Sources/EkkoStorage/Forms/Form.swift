/// How much of a row a replica holds: full ⊃ weights ⊃ narrow (DESIGN §4).
///
/// Each form's bytes are a pure function of the full row, so one (version, form) means one value.
/// The larger form can make the smaller, never the other way round. The raw values are part of
/// wire format 1.
package enum Form: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  case narrow = 1
  case weights = 2
  case full = 3

  package static func < (left: Form, right: Form) -> Bool { left.rawValue < right.rawValue }

  /// Whether a replica of this form can answer one that asks for `other`.
  package func canServe(_ other: Form) -> Bool { self >= other }
}
