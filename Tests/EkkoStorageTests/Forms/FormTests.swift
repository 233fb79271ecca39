import EkkoStorage
import Testing

/// The order of forms.
@Suite struct FormTests {
  @Test func `a fuller form serves a lesser one and not the other way round`() {
    for own in Form.allCases {
      for asked in Form.allCases {
        #expect(own.canServe(asked) == (own.rawValue >= asked.rawValue))
      }
    }
    #expect(Form.full > .weights && Form.weights > .narrow)
  }
}
