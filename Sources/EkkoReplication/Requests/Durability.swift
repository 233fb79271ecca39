package import EkkoCore

/// Who must hold a write before it is acknowledged (DESIGN §11).
public enum Durability: Hashable, Sendable {
  /// The shard's primary alone.
  case primary
  /// So many full-form replicas besides the primary.
  case replicas(Int)
  /// All replicas of so many data centres besides the training one.
  case dataCentres(Int)
}

extension Durability {
  package func encode(into writer: inout ByteWriter) {
    switch self {
    case .primary:
      writer.write(UInt8(0))
      writer.write(UInt16(0))
    case .replicas(let count):
      writer.write(UInt8(1))
      writer.write(UInt16(clamping: count))
    case .dataCentres(let count):
      writer.write(UInt8(2))
      writer.write(UInt16(clamping: count))
    }
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    let kind = try reader.readUInt8()
    let count = Int(try reader.readUInt16())
    switch kind {
    case 0: self = .primary
    case 1: self = .replicas(count)
    case 2: self = .dataCentres(count)
    default: throw .invalidValue(field: .durability, value: UInt64(kind))
    }
  }
}
