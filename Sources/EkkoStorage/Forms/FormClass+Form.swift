package import EkkoCore

extension FormClass {
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
