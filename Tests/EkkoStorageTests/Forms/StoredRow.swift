import EkkoStorage

/// A row and its layout, with arrays instead of spans.
struct StoredRow: Equatable {
  let layout: RowLayout
  var bytes: [UInt8]

  init(_ layout: RowLayout, filling byte: UInt8 = 0xA5) {
    self.layout = layout
    self.bytes = [UInt8](repeating: byte, count: layout.byteCount)
  }

  /// A new full row of `key`, initialised by the schema.
  init(_ schema: TableSchema, key: UInt64 = 1, creation: UInt32 = 7) {
    self.init(RowLayout(schema, form: .full)!)
    var scratch = [Float](repeating: .nan, count: schema.rowLength)
    self.withMutableBytes { layout, row in
      var span = scratch.mutableSpan
      layout.initialise(&row, key: key, creation: creation, schema: schema, scratch: &span)
    }
  }

  var weights: [Float] {
    get {
      var weights = [Float](repeating: .nan, count: self.layout.rowLength)
      var span = weights.mutableSpan
      self.layout.readWeights(of: self.bytes.span.bytes, into: &span)
      return weights
    }
    set { self.withMutableBytes { layout, row in layout.writeWeights(newValue.span, into: &row) } }
  }

  var slots: [Float] {
    stride(
      from: self.layout.slotsRange.lowerBound, to: self.layout.slotsRange.upperBound, by: 4
    ).map { offset in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(self.bytes[offset + $1]) << (8 * $1) })
    }
  }

  var value: [UInt8] {
    get {
      let value = self.layout.value(of: self.bytes.span.bytes)
      return (0..<value.byteCount).map { value.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    }
    set {
      self.withMutableBytes { layout, row in layout.writeValue(newValue.span.bytes, into: &row) }
    }
  }

  var creation: UInt32 { self.layout.creation(of: self.bytes.span.bytes) }
  var updateCount: UInt32 { self.layout.updateCount(of: self.bytes.span.bytes) }
  var isWellFormed: Bool { self.layout.isWellFormed(self.bytes.span.bytes) }

  mutating func setUpdateCount(_ count: UInt32) {
    self.withMutableBytes { layout, row in layout.setUpdateCount(count, of: &row) }
  }

  mutating func push(_ gradient: [Float], _ optimiser: Optimiser) {
    var scratch = [Float](repeating: .nan, count: self.layout.rowLength)
    self.withMutableBytes { layout, row in
      var span = scratch.mutableSpan
      layout.push(gradient.span, into: &row, optimiser: optimiser, scratch: &span)
    }
  }

  mutating func put(_ weights: [Float], _ optimiser: Optimiser) {
    var scratch = [Float](repeating: .nan, count: self.layout.rowLength)
    self.withMutableBytes { layout, row in
      var span = scratch.mutableSpan
      layout.overwrite(&row, with: weights.span, optimiser: optimiser, scratch: &span)
    }
  }

  func converted(to layout: RowLayout) -> StoredRow {
    var target = StoredRow(layout)
    target.withMutableBytes { layout, row in
      layout.fill(&row, from: self.bytes.span.bytes, layout: self.layout)
    }
    return target
  }

  /// The full row that is made of this lesser one.
  func recovered(as schema: TableSchema) -> StoredRow {
    var target = StoredRow(RowLayout(schema, form: .full)!)
    var scratch = [Float](repeating: .nan, count: schema.rowLength)
    target.withMutableBytes { layout, row in
      var span = scratch.mutableSpan
      layout.recover(
        &row, from: self.bytes.span.bytes, layout: self.layout, optimiser: schema.optimiser,
        scratch: &span)
    }
    return target
  }

  private mutating func withMutableBytes(_ body: (RowLayout, inout MutableRawSpan) -> Void) {
    let layout = self.layout
    var span = self.bytes.mutableSpan
    var raw = span.mutableBytes
    body(layout, &raw)
  }
}
