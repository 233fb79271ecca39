import EkkoStorage
import Testing

/// What inference data centres ask for.
@Suite struct ServingFormTests {
  @Test func `the rule names the form and the type of its elements`() {
    #expect(ServingForm.weights.form == .weights)
    #expect(ServingForm.weights.valueType(training: .float16) == .float16)
    #expect(ServingForm.narrow(.int8).form == .narrow)
    #expect(ServingForm.narrow(.int8).valueType(training: .float16) == .int8)
  }
}
