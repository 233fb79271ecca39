internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage

/// One table's write with distinct keys, and where the caller's keys went (DESIGN §4): a key repeated
/// in one push is summed, in one put or delete the last wins.
struct DistinctWrite {
  private(set) var part: WriteRequest.Part
  /// For each key given, its place in `part`; `nil` if they were distinct, and are as they were given.
  private(set) var places: [Int]?

  /// Throws if lengths or types do not fit `schema`, or a number is not finite.
  init(_ write: TableWrite, table: TableID, schema: TableSchema) throws(EkkoError) {
    self.part = WriteRequest.Part(kind: .delete, table: table, keys: write.keys)
    switch write.change {
    case .put(let values):
      try Self.check(values, of: write, schema: schema)
      (self.part.kind, self.part.floats) = (.put, PackedFloats(values))
    case .push(let values):
      guard schema.optimiser != .none else {
        throw .invalid("table '\(schema.name)' has no optimiser that could apply a gradient")
      }
      try Self.check(values, of: write, schema: schema)
      (self.part.kind, self.part.floats) = (.push, PackedFloats(values))
    case .putContents(let contents):
      try Self.check(contents, of: write, schema: schema)
      (self.part.kind, self.part.contents) = (.put, contents)
    case .delete:
      break
    }
    guard write.keys.span.firstRepeatedPlace != nil else { return }
    self.merge(rowLength: schema.rowLength)
    if self.part.kind == .push {
      // Finite numbers may sum to one that is not.
      try Self.checkFinite(self.part.floats.values, keys: self.part.keys, schema: schema)
    }
  }

  /// Makes the keys distinct.
  private mutating func merge(rowLength: Int) {
    let given = self.part
    let floats = given.floats.values
    var merged: [Float] = []
    (self.part.keys, self.part.contents) = ([], [])
    var known: [UInt64: Int] = [:]
    var places: [Int] = []
    places.reserveCapacity(given.keys.count)
    for (number, key) in given.keys.enumerated() {
      let place = known[key] ?? self.part.keys.count
      if place == self.part.keys.count {
        known[key] = place
        self.part.keys.append(key)
      }
      if !floats.isEmpty {
        Self.copy(
          floats, row: number, into: &merged, row: place, rowLength,
          adding: given.kind == .push)
      } else if given.contents.isEmpty {
        // A delete has no values.
      } else if place == self.part.contents.count {
        self.part.contents.append(given.contents[number])
      } else {
        self.part.contents[place] = given.contents[number]
      }
      places.append(place)
    }
    self.part.floats = PackedFloats(merged)
    self.places = places
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
