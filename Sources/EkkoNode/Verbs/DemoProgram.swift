internal import EkkoClient
internal import EkkoCore
internal import EkkoRecommender
internal import EkkoTransport

/// `demo`: the whole store on one machine, shown at work.
struct DemoProgram {
  let options: DemoOptions

  func run() async throws -> ExitCode {
    let signals = Signals()
    let display = DisplayDesk(json: self.options.json) { signals.ask() }
    let options = self.options
    // Without --headless the view goes on until a signal; a script needs an end.
    let settings = DemoSettings(options)
    let loops = try CoreLoops.start(count: 1)
    let runtime = Runtime.live(loops: loops)
    let showing = runtime.spawn(on: Home(index: 0)) { () -> Result<DemoSummary, any Error> in
      do {
        return .success(try await Demo.run(settings) { await display.show($0) })
      } catch {
        return .failure(error)
      }
    }
    let stopping = runtime.spawn(on: Home(index: 0)) {
      await signals.wait()
      showing.cancel()
    }
    let result = await showing.value
    stopping.cancel()
    await stopping.value
    await loops.stop()
    try await display.end()
    let summary = try self.summary(of: result)
    if options.json {
      try StandardStream.output.print(summary.json.line)
    } else {
      try StandardStream.output.print(summary.lines)
    }
    return summary.exitCode
  }

  private func summary(of result: Result<DemoSummary, any Error>) throws -> DemoSummary {
    do {
      return try result.get()
    } catch let error as ClickLogError {
      throw Failure(error, file: self.options.input?.file ?? "the synthetic log")
    } catch let error as DemoError {
      switch error {
      case .everyRowSkipped(let skipped):
        throw Failure(
          allSkipped: skipped, file: self.options.input?.file ?? "",
          format: self.options.input?.format ?? .criteo)
      case .node(let name, let why):
        throw Failure(
          what: "node \(name)", why: why, doThis: "Free memory and ports, then run it again",
          exitCode: .failure)
      }
    } catch let error as EkkoError {
      throw Failure(
        what: "the demo's cluster", why: error.description, doThis: "Run it again",
        exitCode: .failure)
    }
  }
}

/// The one owner of the display.
private actor DisplayDesk {
  private var display: ProgressDisplay
  private let clock = SystemClock()
  /// The first failure to write; nothing is shown after it.
  private var failure: Failure?

  private let onFailure: @Sendable () -> Void

  init(json: Bool, onFailure: @escaping @Sendable () -> Void) {
    self.display = ProgressDisplay.standard(json: json)
    self.onFailure = onFailure
  }

  func show(_ snapshot: DemoSnapshot) {
    guard self.failure == nil else { return }
    do throws(Failure) {
      try self.display.show(snapshot, at: self.clock.now().monotonic)
    } catch {
      self.failure = error
      // Nobody would see how it goes on.
      self.onFailure()
    }
  }

  func end() throws(Failure) {
    defer { StandardStream.error.setLastWords("") }
    try self.display.end()
    if let failure = self.failure { throw failure }
  }
}
