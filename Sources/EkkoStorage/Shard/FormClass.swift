/// Which form of its rows a replica holds, by its role: training replicas and witnesses the full
/// one, inference replicas the form that each table's rule gives their data centre.
package enum FormClass: UInt8, Hashable, Comparable, Sendable {
  case serving = 1
  case full = 2

  package static func < (left: FormClass, right: FormClass) -> Bool {
    left.rawValue < right.rawValue
  }

  package func form(of schema: TableSchema) -> Form {
    switch self {
    case .full: .full
    case .serving: schema.servingForm.form
    }
  }

  /// How rows of `schema` lie in this form; a schema's own serving form always exists.
  func layout(of schema: TableSchema) -> RowLayout {
    guard let layout = RowLayout(schema, form: self.form(of: schema)) else {
      preconditionFailure("table \(schema.name) has no form for class \(self)")
    }
    return layout
  }
}
