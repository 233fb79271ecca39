/// An ordered source of examples in batches: a file's reader or a generator.
package protocol ExampleSource {
  var layout: ExampleLayout { get }

  /// The next batch of at most `limit` rows, in order; `nil` at the end. A short batch is not the
  /// end.
  mutating func nextBatch(limit: Int) async throws -> ExampleBatch?
}
