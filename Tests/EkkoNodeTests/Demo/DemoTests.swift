import EkkoRecommender
import Foundation
import Testing

@testable import EkkoNode

@Suite(.timeLimit(.minutes(5))) struct DemoTests {
  @Test(arguments: ["", "\n\n"]) func `a log without rows ends the demo with an error`(
    text: String
  ) async throws {
    let directory = try TemporaryDirectory()
    let file = directory.path + "/log"
    try Data(text.utf8).write(to: URL(filePath: file))
    var settings = DemoSettings()
    settings.input = DemoOptions.Input(file: file, format: .criteo)
    settings.dataCentres = 1
    settings.replicas = 1

    let error = await #expect(throws: DemoError.self) { try await Demo.run(settings) { _ in } }

    guard case .everyRowSkipped(let skipped) = error else {
      Issue.record("it ended with \(String(describing: error))")
      return
    }
    #expect(skipped.count == 0)
  }
}
