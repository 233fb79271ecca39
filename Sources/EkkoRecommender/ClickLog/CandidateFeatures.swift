/// Describes pairs of a user and an item that may be shown, for a recommendation.
package protocol CandidateFeatures: Sendable {
  /// The example of showing `item` to `user` now; its label means nothing.
  func example(user: String, item: String) -> ClickExample
}
