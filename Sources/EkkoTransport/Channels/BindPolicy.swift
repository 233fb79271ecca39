/// Safe by default: without a secret a node listens to its own machine only (DESIGN §6.1).
package enum BindPolicy {
  /// Why an address may not be listened on.
  package enum Refusal: Error, Hashable, Sendable {
    /// Other machines can reach it, so it needs `--secret-file`.
    case secretRequired(Endpoint)
  }

  package static func check(_ endpoint: Endpoint, secret: SharedSecret?) throws(Refusal) {
    guard endpoint.isLoopback || secret != nil else { throw .secretRequired(endpoint) }
  }
}
