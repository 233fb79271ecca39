import EkkoCore
import Synchronization
import Testing

@testable import EkkoNode

@Suite struct ProgressDisplayTests {
  /// Keeps what was written.
  private final class Paper: Sendable {
    let texts = Mutex<[String]>([])

    func display(_ style: ProgressDisplay.Style) -> ProgressDisplay {
      ProgressDisplay(
        style: style, size: { PanelDrawing.Size(columns: 80, rows: 24) },
        write: { text in self.texts.withLock { $0.append(text) } })
    }
  }

  private static func time(_ milliseconds: Int64) -> MonotonicTime {
    MonotonicTime(nanoseconds: milliseconds * 1_000_000)
  }

  @Test(arguments: [
    (ProgressDisplay.Style.panel(isDecorated: false), Int64(100)), (.lines, 1000), (.json, 1000),
  ])
  func `snapshots that come too soon are not shown`(
    style: ProgressDisplay.Style, interval: Int64
  ) throws {
    let paper = Paper()
    var display = paper.display(style)

    for time in [5, 6, 4 + interval, 5 + interval, 6 + interval, 5 + 2 * interval] {
      try display.show(DemoSnapshotTests.sample, at: Self.time(time))
    }

    #expect(paper.texts.withLock { $0.count } == 3)
    #expect(!display.isDue(at: Self.time(4 + 3 * interval)))
    #expect(display.isDue(at: Self.time(5 + 3 * interval)))
  }

  @Test func `only a panel gives the terminal back`() throws {
    for (style, last) in [
      (ProgressDisplay.Style.panel(isDecorated: true), PanelDrawing.showCursor),
      (.lines, DemoSnapshotTests.sample.plainLine + "\n"),
      (.json, DemoSnapshotTests.sample.json.line + "\n"),
    ] {
      let paper = Paper()
      var display = paper.display(style)
      try display.show(DemoSnapshotTests.sample, at: Self.time(1))

      try display.end()

      #expect(paper.texts.withLock { $0.last } == last)
    }
  }
}
