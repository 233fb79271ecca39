package import EkkoCore

extension TableSchema {
  /// The format of an encoded schema; readers refuse any other.
  private static let encodingVersion: UInt8 = 1

  /// Appends the schema as catalogue rows, snapshot files and handshakes carry it.
  package func encode(into writer: inout ByteWriter) {
    writer.write(Self.encodingVersion)
    writer.write(text: self.name)
    writer.write(self.valueType.rawValue)
    writer.write(UInt32(self.rowLength))
    self.optimiser.encode(into: &writer)
    self.initialiser.encode(into: &writer)
    writer.write(self.timeToLiveSeconds)
    self.admission.encode(into: &writer)
    self.servingForm.encode(into: &writer)
    writer.write(self.seed)
    writer.write(self.revision)
  }

  /// Reads a schema and refuses one that `validate()` would refuse.
  package init(decoding reader: inout ByteReader) throws(WireError) {
    let version = try reader.readUInt8()
    guard version == Self.encodingVersion else { throw .unsupportedVersion(version) }
    let name = try reader.readText(limit: Self.maximalNameByteCount)
    let valueType = try ValueType(decoding: &reader)
    let rowLength = Int(try reader.readUInt32())
    let optimiser = try Optimiser(decoding: &reader)
    let initialiser = try Initialiser(decoding: &reader)
    let timeToLiveSeconds = try reader.readUInt32()
    let admission = try AdmissionRule(decoding: &reader)
    let servingForm = try ServingForm(decoding: &reader)
    let seed = try reader.readUInt64()
    self.init(
      name: name, valueType: valueType, rowLength: rowLength, optimiser: optimiser,
      initialiser: initialiser, timeToLiveSeconds: timeToLiveSeconds, admission: admission,
      servingForm: servingForm, seed: seed, revision: try reader.readUInt32())
    do { try self.validate() } catch { throw error.asWireError }
  }
}

extension SchemaError {
  /// The same refusal in the words of a decoder.
  fileprivate var asWireError: WireError {
    switch self {
    case .nameLength, .nameCharacter:
      .invalidText(field: .table)
    case .rowLength(let length):
      .invalidValue(field: .rowLength, value: UInt64(clamping: length))
    case .bytesCannotTrain:
      .invalidValue(field: .optimiser, value: 0)
    case .hyperParameter(_, let value, _, _):
      .invalidValue(field: .optimiser, value: UInt64(value.bitPattern))
    case .bytesCannotBeInitialised, .initialiserNotFinite, .initialiserRange, .standardDeviation:
      .invalidValue(field: .initialiser, value: 0)
    case .bytesCannotBeNarrowed:
      .invalidValue(field: .form, value: UInt64(ValueType.bytes.rawValue))
    case .notNarrower(let served, _):
      .invalidValue(field: .form, value: UInt64(served.rawValue))
    case .admissionProbability(let value):
      .invalidValue(field: .admission, value: UInt64(value.bitPattern))
    }
  }
}

extension ValueType {
  package init(decoding reader: inout ByteReader) throws(WireError) {
    let raw = try reader.readUInt8()
    guard let value = Self(rawValue: raw) else {
      throw .invalidValue(field: .valueType, value: UInt64(raw))
    }
    self = value
  }
}

extension Optimiser {
  fileprivate func encode(into writer: inout ByteWriter) {
    writer.write(self.kind.rawValue)
    switch self {
    case .none:
      break
    case .sgd(let learningRate):
      writer.write(learningRate)
    case .adagrad(let learningRate, let initialAccumulator, let epsilon),
      .rowWiseAdagrad(let learningRate, let initialAccumulator, let epsilon):
      writer.write(learningRate)
      writer.write(initialAccumulator)
      writer.write(epsilon)
    case .adam(let learningRate, let beta1, let beta2, let epsilon):
      writer.write(learningRate)
      writer.write(beta1)
      writer.write(beta2)
      writer.write(epsilon)
    case .ftrl(let alpha, let beta, let l1, let l2):
      writer.write(alpha)
      writer.write(beta)
      writer.write(l1)
      writer.write(l2)
    }
  }

  fileprivate init(decoding reader: inout ByteReader) throws(WireError) {
    let raw = try reader.readUInt8()
    guard let kind = Kind(rawValue: raw) else {
      throw .invalidValue(field: .optimiser, value: UInt64(raw))
    }
    switch kind {
    case .none:
      self = .none
    case .sgd:
      self = .sgd(learningRate: try reader.readFloat())
    case .adagrad:
      self = .adagrad(
        learningRate: try reader.readFloat(), initialAccumulator: try reader.readFloat(),
        epsilon: try reader.readFloat())
    case .rowWiseAdagrad:
      self = .rowWiseAdagrad(
        learningRate: try reader.readFloat(), initialAccumulator: try reader.readFloat(),
        epsilon: try reader.readFloat())
    case .adam:
      self = .adam(
        learningRate: try reader.readFloat(), beta1: try reader.readFloat(),
        beta2: try reader.readFloat(), epsilon: try reader.readFloat())
    case .ftrl:
      self = .ftrl(
        alpha: try reader.readFloat(), beta: try reader.readFloat(), l1: try reader.readFloat(),
        l2: try reader.readFloat())
    }
  }
}

extension Initialiser {
  fileprivate func encode(into writer: inout ByteWriter) {
    switch self {
    case .zeros:
      writer.write(UInt8(0))
    case .constant(let value):
      writer.write(UInt8(1))
      writer.write(value)
    case .uniform(let low, let high):
      writer.write(UInt8(2))
      writer.write(low)
      writer.write(high)
    case .normal(let mean, let standardDeviation):
      writer.write(UInt8(3))
      writer.write(mean)
      writer.write(standardDeviation)
    }
  }

  fileprivate init(decoding reader: inout ByteReader) throws(WireError) {
    let raw = try reader.readUInt8()
    switch raw {
    case 0: self = .zeros
    case 1: self = .constant(try reader.readFloat())
    case 2: self = .uniform(low: try reader.readFloat(), high: try reader.readFloat())
    case 3:
      self = .normal(mean: try reader.readFloat(), standardDeviation: try reader.readFloat())
    default: throw .invalidValue(field: .initialiser, value: UInt64(raw))
    }
  }
}

extension AdmissionRule {
  fileprivate func encode(into writer: inout ByteWriter) {
    switch self {
    case .always:
      writer.write(UInt8(0))
    case .probability(let probability):
      writer.write(UInt8(1))
      writer.write(probability)
    }
  }

  fileprivate init(decoding reader: inout ByteReader) throws(WireError) {
    let raw = try reader.readUInt8()
    switch raw {
    case 0: self = .always
    case 1: self = .probability(try reader.readFloat())
    default: throw .invalidValue(field: .admission, value: UInt64(raw))
    }
  }
}

extension ServingForm {
  fileprivate func encode(into writer: inout ByteWriter) {
    switch self {
    case .weights:
      writer.write(UInt8(0))
    case .narrow(let valueType):
      writer.write(valueType.rawValue)
    }
  }

  fileprivate init(decoding reader: inout ByteReader) throws(WireError) {
    let raw = try reader.readUInt8()
    if raw == 0 {
      self = .weights
    } else if let valueType = ValueType(rawValue: raw) {
      self = .narrow(valueType)
    } else {
      throw .invalidValue(field: .form, value: UInt64(raw))
    }
  }
}
