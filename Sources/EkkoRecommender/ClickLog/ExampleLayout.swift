/// What every example of one source looks like: its fields, numbers and cross features.
///
/// Each example has exactly one feature per field (a missing value is a feature of its own), and
/// `numberCount` dense inputs. A model is built for one layout.
package struct ExampleLayout: Hashable, Sendable {
  /// Two fields whose joint value is one more feature of the wide part.
  package struct Cross: Hashable, Sendable {
    package let first: Int
    package let second: Int

    package init(_ first: Int, _ second: Int) {
      self.first = first
      self.second = second
    }
  }

  /// Names of the fields; a feature's text is `name=value`.
  package let fields: [String]
  package let numberCount: Int
  package let crosses: [Cross]
  /// The field that names the item to recommend, if the source has one.
  package let itemField: Int?

  package init(fields: [String], numberCount: Int, crosses: [Cross], itemField: Int?) {
    precondition(!fields.isEmpty && numberCount >= 0, "a layout needs at least one field")
    precondition(
      crosses.allSatisfy {
        fields.indices.contains($0.first) && fields.indices.contains($0.second)
      },
      "a cross names a field that does not exist")
    self.fields = fields
    self.numberCount = numberCount
    self.crosses = crosses
    self.itemField = itemField
  }

  package var fieldCount: Int { self.fields.count }
}
