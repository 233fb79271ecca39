import EkkoNode
import Testing

@Suite struct QuantileTests {
  @Test func `a quantile of nothing is nothing, of one value that value`() {
    #expect([].quantile(0.5) == nil)
    #expect([3.0].quantile(0.99) == 3)
    #expect([1.0, 2, 3, 4].quantile(0.5) == 3)
  }
}
