import EkkoCore
import EkkoNode
import Foundation
import Testing

@Suite struct JSONValueTests {
  @Test func `fields keep their order, and every kind of value is shown`() {
    let value = JSONValue.object([
      .init("z", .null), .init("a", .truth(true)), .init("m", .integer(-3)),
      .init("k", .unsigned(.max)), .init("d", .number(0.25)), .init("f", .element(0.1)),
      .init("h", .hexadecimal(0xAB)), .init("l", .list([.list([]), .object([])])),
      .init("o", .optional(nil)), .init("p", .optional(2)),
    ])

    #expect(
      value.line == #"{"z":null,"a":true,"m":-3,"k":18446744073709551615,"d":0.25,"f":0.1,"#
        + #""h":"00000000000000ab","l":[[],{}],"o":null,"p":2.0}"#)
  }

  @Test func `whatever some reader takes for the end of a line is escaped`() {
    #expect(
      JSONValue.text("a\"\\\n\u{7F}\u{85}\u{9F}\u{2028}\u{2029}é").line
        == #""a\"\\\u000a\u007f\u0085\u009f\u2028\u2029é""#)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func `what is no finite number is null`(number: Double) {
    #expect(JSONValue.number(number).line == "null")
    #expect(JSONValue.optional(number).line == "null")
    #expect(JSONValue.element(Float(number)).line == "null")
  }

  @Test func `texts and numbers survive a reader, and nothing ends the line early`() throws {
    var generator = SplitMix64(seed: 7)
    for _ in 0..<2000 {
      var text = ""
      for _ in 0..<Int.random(in: 0...8, using: &generator) {
        let limit: UInt32 = Bool.random(using: &generator) ? 0xA0 : 0x1_1000
        guard let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator)) else {
          continue
        }
        text.unicodeScalars.append(scalar)
      }
      let number = Double(bitPattern: generator.next())

      let line = JSONValue.list([.text(text), .optional(number)]).line

      let read = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any])
      #expect(read[0] as? String == text, "\(line)")
      if number.isFinite {
        // That reader loses a digit now and then; the language's own does not.
        let loss = try #require(read[1] as? Double) - number
        #expect(loss.magnitude <= number.magnitude * 1e-14, "\(line)")
        #expect(Double(JSONValue.number(number).line) == number)
      } else {
        #expect(read[1] is NSNull)
      }
      #expect(!line.contains { $0.isNewline })
    }
  }
}
