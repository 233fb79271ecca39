package import EkkoTransport

/// How a verb reaches the cluster it acts on.
package struct ClusterAccess: Hashable, Sendable {
  package static let defaultTimeout = Duration.seconds(5)

  /// At least one; nearest first.
  package var join: [Endpoint]
  package var secretFile: String?
  package var timeout = Self.defaultTimeout

  package init(join: [Endpoint]) { self.join = join }
}
