import EkkoBenchmark
import EkkoNode

/// `ekko-bench budget`: does a known amount of work, for a counter of instructions to watch.
struct BudgetCommand: Sendable {
  private let which: BudgetCase
  private let batches: Int

  private static let batches = ToolFlag(name: "--batches", placeholder: "N")

  init(_ words: ArraySlice<String>) throws(Failure) {
    guard let word = words.first, let which = BudgetCase(rawValue: word) else {
      throw FlagValues.unknown(
        words.first ?? "", "there is no such case", among: BudgetCase.allCases.map(\.rawValue),
        of: "ekko-bench")
    }
    let flags = try FlagValues(words.dropFirst(), of: [Self.batches], program: "ekko-bench")
    self.which = which
    self.batches = try flags.integer(Self.batches, in: 0...100_000) ?? 16
  }

  func run() async throws(Failure) {
    do {
      try await BudgetRun.run(self.which, batches: self.batches)
    } catch {
      throw Failure(what: "budget", why: "\(error)", doThis: "Try again", exitCode: .failure)
    }
    let rows = self.batches * BudgetRun.rowsPerBatch
    try StandardStream.output.print("\(self.which.rawValue) \(self.batches) batches \(rows) rows")
  }
}
