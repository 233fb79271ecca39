/// Why bytes from outside were refused. Decoding never traps and never allocates more than the
/// bytes received plus a constant.
package enum WireError: Error, Hashable, Sendable {
  case truncated(needed: Int, available: Int)
  case trailingBytes(count: Int)
  case unsupportedVersion(UInt8)
  case unknownKind(UInt8)
  case invalidValue(field: StaticField, value: UInt64)
  case lengthOverLimit(field: StaticField, length: Int, limit: Int)
  case checksumMismatch
  case invalidText(field: StaticField)

  /// The names of fields that can be wrong, for messages.
  package enum StaticField: String, Sendable {
    case boolean, timestamp, incarnation, count, form, valueType, rowLength, text, section, table
    case optimiser, initialiser, admission, durability, errorCode, role, authentication, magic
    case frame, knowledge, key, shard, mark, keys, fileHeader, originIndex, range
  }
}
