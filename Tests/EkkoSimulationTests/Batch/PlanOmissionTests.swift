import EkkoSimulation
import Testing

/// What is left out, as text.
struct PlanOmissionTests {
  @Test func `it is written compactly and read back`() throws {
    var omission = PlanOmission()
    omission[.nodes] = [4]
    omission[.faults] = [9, 3, 4, 5, 4]
    omission[.operations] = Array(0...40) + [50, 51]

    #expect(omission.description == "faults:3-5,9,operations:0-40,50-51,nodes:4")
    #expect(try PlanOmission(parsing: omission.description) == omission)
    #expect(omission[.faults] == [3, 4, 5, 9])
  }

  @Test func `nothing is nothing`() {
    var omission = PlanOmission()
    omission[.faults] = []

    #expect(omission.isEmpty && omission.description == "")
  }

  @Test(arguments: [
    ("", ""), ("3-7", "3-7"), ("rows:1", "rows:1"), ("faults:", "faults:"),
    ("faults:3,,4", ""), ("faults:3-", "3-"), ("faults:7-3", "7-3"), ("faults:1-2-3", "1-2-3"),
    ("faults:-1", "-1"), ("faults:+1", "+1"), ("faults:1000000", "1000000"),
    ("faults:99999999999999999999", "99999999999999999999"), ("faults:1,nodes:x", "x"),
  ])
  func `what is no omission names its word`(text: String, word: String) {
    let error = #expect(throws: PlanOmission.ParseError.self) {
      try PlanOmission(parsing: text)
    }

    #expect(error?.word.hasSuffix(word) == true)
  }
}
