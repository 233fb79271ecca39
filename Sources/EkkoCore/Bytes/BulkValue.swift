#if !_endian(little)
  #error("whole arrays are copied as they lie in memory: a big-endian machine needs a swap here")
#endif

/// A number whose arrays travel as they lie in memory: little-endian, every bit pattern a value.
package protocol BulkValue: BitwiseCopyable {}

extension UInt16: BulkValue {}
extension UInt32: BulkValue {}
extension UInt64: BulkValue {}
extension Float: BulkValue {}
extension Timestamp: BulkValue {}
extension IncarnationID: BulkValue {}

extension ByteWriter {
  /// Appends the elements without their count.
  package mutating func write<Value: BulkValue>(all values: [Value]) {
    // SAFETY: the buffer is the array's own storage; elements have no padding.
    unsafe values.withUnsafeBytes { unsafe self.write(copying: $0) }
  }
}

extension ByteReader {
  /// The next `count` elements; the bytes are checked to be there before anything is allocated.
  package mutating func readAll<Value: BulkValue>(
    _ count: Int, as type: Value.Type
  ) throws(WireError) -> [Value] {
    let byteCount = count.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
    guard count >= 0, !byteCount.overflow else {
      throw .lengthOverLimit(field: .count, length: count, limit: self.remaining)
    }
    let bytes = try self.readBytes(byteCount.partialValue)
    // Every empty array is one and the same, and is written to below.
    guard count > 0 else { return [] }
    // SAFETY: both sides have exactly `count` elements' bytes, and any bits are a `Value`.
    return unsafe [Value](unsafeUninitializedCapacity: count) { buffer, initialised in
      unsafe bytes.withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
      }
      initialised = count
    }
  }
}
