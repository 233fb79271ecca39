import EkkoStorage
import Testing

/// Offsets and sizes of rows: part of wire format 1, so they are written out.
@Suite struct RowLayoutTests {
  private static func schema(
    _ valueType: ValueType, _ rowLength: Int, _ optimiser: Optimiser = .none,
    serving: ServingForm = .weights
  ) -> TableSchema {
    TableSchema(
      name: "t", valueType: valueType, rowLength: rowLength, optimiser: optimiser,
      servingForm: serving)
  }

  @Test func `a full row holds creation, count, weights and slots`() throws {
    let layout = try #require(
      RowLayout(Self.schema(.float32, 3, .adam()), form: .full))

    #expect(layout.weightsRange == 8..<20)
    #expect(layout.slotsRange == 20..<44)
    #expect(layout.slotCount == 6)
    #expect(layout.byteCount == 44)
  }

  @Test func `lesser forms hold creation and weights alone`() throws {
    let schema = Self.schema(.float32, 3, .adam(), serving: .narrow(.int8))
    let weights = try #require(RowLayout(schema, form: .weights))
    let narrow = try #require(RowLayout(schema, form: .narrow))

    #expect(weights.weightsRange == 4..<16)
    #expect(weights.byteCount == 16)
    #expect(narrow.valueType == .int8)
    #expect(narrow.weightsRange == 4..<12)
    #expect(narrow.elementsRange == 8..<11)
    #expect(narrow.byteCount == 12)
  }

  @Test func `a table without a narrow form has no narrow layout`() {
    #expect(RowLayout(Self.schema(.float32, 3), form: .narrow) == nil)
  }

  @Test(arguments: [
    (ValueType.float32, 20), (.float16, 16), (.bfloat16, 16), (.int8, 16), (.bytes, 16),
  ])
  func `three elements take their padded bytes`(valueType: ValueType, end: Int) throws {
    let layout = try #require(RowLayout(Self.schema(valueType, 3), form: .full))

    #expect(layout.byteCount == end)
  }

  @Test func `everything stays aligned and sums up for every length`() throws {
    for valueType in ValueType.allCases {
      let optimisers: [Optimiser] =
        valueType.isNumeric
        ? [
          .none, .sgd(learningRate: 1), .adagrad(learningRate: 1),
          .rowWiseAdagrad(learningRate: 1), .adam(), .ftrl(),
        ] : [.none]
      for optimiser in optimisers {
        for length in [1, 2, 3, 4, 5, 16, 65_536] {
          let layout = try #require(
            RowLayout(Self.schema(valueType, length, optimiser), form: .full))

          #expect(layout.weightsRange.lowerBound == 8)
          #expect(layout.weightsRange.count % 4 == 0)
          #expect(layout.weightsRange.contains(layout.elementsRange.upperBound - 1))
          #expect(layout.weightsRange.upperBound - layout.elementsRange.upperBound < 4)
          #expect(layout.slotsRange.lowerBound == layout.weightsRange.upperBound)
          #expect(layout.slotCount == optimiser.slotFloatCount(rowLength: length))
          #expect(layout.byteCount == layout.slotsRange.upperBound)
        }
      }
    }
  }
}
