/// The time of a parameter version: 52 bits of wall microseconds since 1970, 12 bits of counter
/// (Ekko §4.2, Definition 1). Zero means "before everything".
public struct Timestamp: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  @inlinable
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package init(microseconds: UInt64, counter: UInt16 = 0) {
    precondition(microseconds < 1 << 52 && counter < 1 << 12, "timestamp out of range")
    self.rawValue = microseconds << 12 | UInt64(counter)
  }

  @inlinable
  package static var zero: Timestamp { Timestamp(rawValue: 0) }

  /// Wall microseconds since 1970.
  @inlinable
  public var microseconds: UInt64 { self.rawValue >> 12 }

  /// Tells versions of one microsecond apart.
  public var counter: UInt16 { UInt16(truncatingIfNeeded: self.rawValue & 0xFFF) }

  /// The next larger timestamp; the counter carries into the time. `nil` at the end of time.
  package var successor: Timestamp? {
    self.rawValue == .max ? nil : Timestamp(rawValue: self.rawValue + 1)
  }

  @inlinable
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.rawValue < right.rawValue
  }
}
