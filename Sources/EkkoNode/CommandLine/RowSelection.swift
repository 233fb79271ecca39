/// The rows of one table that a verb is about.
package struct RowSelection: Hashable, Sendable {
  package var model: String
  package var table: String
  /// At least one, in the order given.
  package var keys: [UInt64]
  /// The texts the keys were made of, one per key; empty if they were given as numbers.
  package var texts: [String]

  package init(model: String, table: String, keys: [UInt64], texts: [String] = []) {
    precondition(texts.isEmpty || texts.count == keys.count, "a text per key, or none")
    self.model = model
    self.table = table
    self.keys = keys
    self.texts = texts
  }
}
