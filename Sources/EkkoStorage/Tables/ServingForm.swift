/// What inference data centres hold of a table's rows: fixed per table, never per link (DESIGN §4).
public enum ServingForm: Hashable, Sendable {
  /// The weights as training stores them, without optimiser slots.
  case weights
  /// The weights rounded to a smaller value type.
  case narrow(ValueType)

  /// Which form a replica of an inference data centre asks for.
  package var form: Form {
    switch self {
    case .weights: .weights
    case .narrow: .narrow
    }
  }

  /// The type of the served elements, for a table that trains in `valueType`.
  package func valueType(training valueType: ValueType) -> ValueType {
    switch self {
    case .weights: valueType
    case .narrow(let narrow): narrow
    }
  }
}
