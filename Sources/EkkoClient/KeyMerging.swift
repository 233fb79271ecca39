internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage

/// One table's write with distinct keys, and where the caller's keys went (DESIGN §4): a key repeated
/// in one push is summed, in one put or delete the last wins.
struct DistinctWrite {
  private(set) var part: WriteRequest.Part
  /// For each key given, its place in `part`.
  private(set) var places: [Int] = []

  /// Throws if lengths or types do not fit `schema`, or a number is not finite.
  init(_ write: TableWrite, table: TableID, schema: TableSchema) throws(EkkoError) {
    self.part = WriteRequest.Part(kind: .delete, table: table, keys: [])
    switch write.change {
    case .put(let values):
      self.part.kind = .put
      try Self.check(values, of: write, schema: schema)
      self.merge(write.keys) { part, place, number in
        Self.copy(
          values, row: number, into: &part.floats, row: place, schema.rowLength, adding: false)
      }
    case .push(let values):
      self.part.kind = .push
      guard schema.optimiser != .none else {
        throw .invalid("table '\(schema.name)' has no optimiser that could apply a gradient")
      }
      try Self.check(values, of: write, schema: schema)
      self.merge(write.keys) { part, place, number in
        Self.copy(
          values, row: number, into: &part.floats, row: place, schema.rowLength, adding: true)
      }
      // Finite numbers may sum to one that is not.
      try Self.checkFinite(self.part.floats, keys: self.part.keys, schema: schema)
    case .putContents(let contents):
      self.part.kind = .put
      try Self.check(contents, of: write, schema: schema)
      self.merge(write.keys) { part, place, number in
        if place == part.contents.count {
          part.contents.append(contents[number])
        } else {
          part.contents[place] = contents[number]
        }
      }
    case .delete:
      self.merge(write.keys) { _, _, _ in }
    }
  }

  private mutating func merge(
    _ keys: [UInt64], _ take: (inout WriteRequest.Part, _ place: Int, _ number: Int) -> Void
  ) {
    var known: [UInt64: Int] = [:]
    known.reserveCapacity(keys.count)
    self.places.reserveCapacity(keys.count)
    self.part.keys.reserveCapacity(keys.count)
    for (number, key) in keys.enumerated() {
      let place = known[key] ?? self.part.keys.count
      if place == self.part.keys.count {
        known[key] = place
        self.part.keys.append(key)
      }
      take(&self.part, place, number)
      self.places.append(place)
    }
  }

  private static func copy(
    _ values: [Float], row number: Int, into floats: inout [Float], row place: Int,
    _ length: Int, adding: Bool
  ) {
    let source = values[(number * length)..<((number + 1) * length)]
    if place * length == floats.count {
      floats.append(contentsOf: source)
    } else if adding {
      for (element, value) in source.enumerated() { floats[place * length + element] += value }
    } else {
      floats.replaceSubrange((place * length)..<((place + 1) * length), with: source)
    }
  }

  private static func check(
    _ values: [Float], of write: TableWrite, schema: TableSchema
  ) throws(EkkoError) {
    guard schema.valueType.isNumeric else {
      throw .invalid("table '\(schema.name)' holds bytes, not numbers")
    }
    guard values.count == write.keys.count * schema.rowLength else {
      throw .invalid(
        "table '\(schema.name)' has rows of \(schema.rowLength) numbers; \(values.count) numbers "
          + "came for \(write.keys.count) keys")
    }
    try Self.checkFinite(values, keys: write.keys, schema: schema)
  }

  private static func checkFinite(
    _ values: [Float], keys: [UInt64], schema: TableSchema
  ) throws(EkkoError) {
    guard !values.span.isFinite, let place = values.firstIndex(where: { !$0.isFinite }) else {
      return
    }
    throw .invalid(
      "the values of key \(keys[place / schema.rowLength]) of table '\(schema.name)' are not all "
        + "finite numbers")
  }

  private static func check(
    _ contents: [[UInt8]], of write: TableWrite, schema: TableSchema
  ) throws(EkkoError) {
    guard !schema.valueType.isNumeric else {
      throw .invalid("table '\(schema.name)' holds numbers, not bytes")
    }
    guard contents.count == write.keys.count else {
      throw .invalid(
        "\(contents.count) byte values came for \(write.keys.count) keys of table '\(schema.name)'")
    }
    guard let place = contents.firstIndex(where: { $0.count > schema.rowLength }) else { return }
    throw .invalid(
      "the value of key \(write.keys[place]) of table '\(schema.name)' has \(contents[place].count) "
        + "bytes; \(schema.rowLength) is the most")
  }
}
