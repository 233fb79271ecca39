extension TableSchema {
  /// Throws the first reason why no such table can exist.
  public func validate() throws(SchemaError) {
    try self.validateName()
    guard 1...Self.maximalRowLength ~= self.rowLength else { throw .rowLength(self.rowLength) }
    try self.validateTypes()
    try self.optimiser.validate()
    try self.initialiser.validate()
    try self.admission.validate()
  }

  private func validateName() throws(SchemaError) {
    let byteCount = self.name.utf8.count
    guard 1...Self.maximalNameByteCount ~= byteCount else {
      throw .nameLength(byteCount: byteCount)
    }
    guard Self.isValidName(self.name) else { throw .nameCharacter(name: self.name) }
  }

  /// The rule for the names of tables, models and applications: see `name`.
  package static func isValidName(_ name: String) -> Bool {
    1...Self.maximalNameByteCount ~= name.utf8.count
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
          UInt8(ascii: "-"):
          true
        default:
          false
        }
      }
  }

  private func validateTypes() throws(SchemaError) {
    if !self.valueType.isNumeric {
      guard self.optimiser == .none else { throw .bytesCannotTrain }
      guard self.initialiser == .zeros else { throw .bytesCannotBeInitialised }
      guard self.servingForm == .weights else { throw .bytesCannotBeNarrowed }
    }
    if case .narrow(let served) = self.servingForm {
      guard served.isNumeric, served.elementByteCount < self.valueType.elementByteCount else {
        throw .notNarrower(served: served, trained: self.valueType)
      }
    }
  }
}

extension Optimiser {
  /// Rates within these bounds cannot turn finite numbers into NaN: see `Optimiser`.
  private static let rates: ClosedRange<Float> = 1e-12...1e6
  private static let penalties: ClosedRange<Float> = 0...1e12
  private static let smallDivisors: ClosedRange<Float> = 1e-20...1
  private static let decays: ClosedRange<Float> = 0...0.999_999_9

  fileprivate func validate() throws(SchemaError) {
    switch self {
    case .none:
      break
    case .sgd(let learningRate):
      try Self.check("learning rate", learningRate, within: Self.rates)
    case .adagrad(let learningRate, let initialAccumulator, let epsilon),
      .rowWiseAdagrad(let learningRate, let initialAccumulator, let epsilon):
      try Self.check("learning rate", learningRate, within: Self.rates)
      try Self.check("initial accumulator", initialAccumulator, within: Self.penalties)
      try Self.check("epsilon", epsilon, within: Self.smallDivisors)
    case .adam(let learningRate, let beta1, let beta2, let epsilon):
      try Self.check("learning rate", learningRate, within: Self.rates)
      try Self.check("beta1", beta1, within: Self.decays)
      try Self.check("beta2", beta2, within: Self.decays)
      try Self.check("epsilon", epsilon, within: Self.smallDivisors)
    case .ftrl(let alpha, let beta, let l1, let l2):
      try Self.check("alpha", alpha, within: Self.rates)
      try Self.check("beta", beta, within: Self.penalties)
      try Self.check("l1", l1, within: Self.penalties)
      try Self.check("l2", l2, within: Self.penalties)
    }
  }

  /// NaN lies in no range, so it is refused here too.
  private static func check(
    _ name: String, _ value: Float, within range: ClosedRange<Float>
  ) throws(SchemaError) {
    guard range.contains(value) else {
      throw .hyperParameter(
        name: name, value: value, low: range.lowerBound, high: range.upperBound)
    }
  }
}

extension Initialiser {
  fileprivate func validate() throws(SchemaError) {
    switch self {
    case .zeros:
      break
    case .constant(let value):
      guard value.isFinite else { throw .initialiserNotFinite }
    case .uniform(let low, let high):
      guard (high - low).isFinite else { throw .initialiserNotFinite }
      guard low <= high else { throw .initialiserRange(low: low, high: high) }
    case .normal(let mean, let standardDeviation):
      guard (abs(mean) + 6 * abs(standardDeviation)).isFinite else { throw .initialiserNotFinite }
      guard standardDeviation >= 0 else { throw .standardDeviation(standardDeviation) }
    }
  }
}

extension AdmissionRule {
  fileprivate func validate() throws(SchemaError) {
    guard case .probability(let probability) = self else { return }
    guard probability > 0, probability <= 1 else { throw .admissionProbability(probability) }
  }
}
