/// The version of a parameter (Ekko §4.2, Definition 1): a timestamp and the incarnation that
/// issued it. Total order: timestamp, then origin. The larger version supersedes the smaller.
public struct ParameterVersion: Hashable, Comparable, Sendable {
  public let timestamp: Timestamp
  public let origin: IncarnationID

  @inlinable
  package init(timestamp: Timestamp, origin: IncarnationID) {
    self.timestamp = timestamp
    self.origin = origin
  }

  @inlinable
  public static func < (left: ParameterVersion, right: ParameterVersion) -> Bool {
    (left.timestamp, left.origin) < (right.timestamp, right.origin)
  }
}
