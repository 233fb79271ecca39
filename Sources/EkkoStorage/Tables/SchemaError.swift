/// Why a table cannot exist as described. Each case reads as one sentence that says what to change.
public enum SchemaError: Error, Hashable, Sendable, CustomStringConvertible {
  case nameLength(byteCount: Int)
  case nameCharacter(name: String)
  case rowLength(Int)
  case bytesCannotTrain
  case bytesCannotBeInitialised
  case bytesCannotBeNarrowed
  case notNarrower(served: ValueType, trained: ValueType)
  case hyperParameter(name: String, value: Float, low: Float, high: Float)
  case initialiserNotFinite
  case initialiserRange(low: Float, high: Float)
  case standardDeviation(Float)
  case admissionProbability(Float)

  public var description: String {
    switch self {
    case .nameLength(let byteCount):
      "a table name has 1 to \(TableSchema.maximalNameByteCount) characters, not \(byteCount)"
    case .nameCharacter(let name):
      "the table name '\(name)' may contain only A-Z, a-z, 0-9, '_', '.' and '-'"
    case .rowLength(let length):
      "a row has 1 to \(TableSchema.maximalRowLength) elements, not \(length)"
    case .bytesCannotTrain:
      "a table of bytes cannot have an optimiser: use the optimiser 'none'"
    case .bytesCannotBeInitialised:
      "a table of bytes has no initial weights: use the initialiser 'zeros'"
    case .bytesCannotBeNarrowed:
      "a table of bytes is served as it is: use the serving form 'weights'"
    case .notNarrower(let served, let trained):
      "elements of type \(trained) cannot be narrowed to \(served), which is no smaller number"
    case .hyperParameter(let name, let value, let low, let high):
      "the optimiser's \(name) must lie in \(low)...\(high), not be \(value)"
    case .initialiserNotFinite:
      "initial weights must be finite numbers"
    case .initialiserRange(let low, let high):
      "the initialiser's low bound \(low) lies above its high bound \(high)"
    case .standardDeviation(let value):
      "the initialiser's standard deviation must not be negative, as \(value) is"
    case .admissionProbability(let value):
      "the admission probability must lie above 0 and not above 1, not be \(value)"
    }
  }
}
