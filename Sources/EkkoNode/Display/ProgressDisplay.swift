package import EkkoCore

/// Shows a demo's progress as its destination can bear it: drawn over on a terminal, at most ten times
/// a second; elsewhere a line each second. A snapshot that comes sooner is not shown.
package struct ProgressDisplay: Sendable {
  package enum Style: Hashable, Sendable {
    case panel(isDecorated: Bool)
    case lines
    case json

    fileprivate var interval: Duration {
      switch self {
      case .panel: .milliseconds(100)
      case .lines, .json: .seconds(1)
      }
    }
  }

  private let style: Style
  private let size: @Sendable () -> PanelDrawing.Size
  private let write: @Sendable (String) throws(Failure) -> Void
  private var drawing: PanelDrawing
  private var next = MonotonicTime.zero

  /// Shows it on standard error, or with `json` on standard output, where the summary follows.
  package static func standard(json: Bool) -> ProgressDisplay {
    let stream = json ? StandardStream.output : .error
    let style =
      if json {
        Style.json
      } else if stream.isDrawable {
        Style.panel(isDecorated: StandardStream.isDecorationWanted)
      } else {
        Style.lines
      }
    if case .panel = style { stream.setLastWords(PanelDrawing.showCursor) }
    return ProgressDisplay(
      style: style, size: { stream.size },
      write: { text throws(Failure) in try stream.write(text) })
  }

  package init(
    style: Style, size: @escaping @Sendable () -> PanelDrawing.Size,
    write: @escaping @Sendable (String) throws(Failure) -> Void
  ) {
    self.style = style
    self.size = size
    self.write = write
    self.drawing =
      if case .panel(let isDecorated) = style {
        PanelDrawing(isDecorated: isDecorated)
      } else {
        PanelDrawing(isDecorated: false)
      }
  }

  /// Whether a snapshot would be shown now: making one costs something.
  package func isDue(at now: MonotonicTime) -> Bool { now >= self.next }

  package mutating func show(
    _ snapshot: DemoSnapshot, at now: MonotonicTime
  ) throws(Failure) {
    guard self.isDue(at: now) else { return }
    self.next = now.advanced(by: self.style.interval)
    switch self.style {
    case .panel: try self.write(self.drawing.draw(snapshot.panel, in: self.size()))
    case .lines: try self.write(snapshot.plainLine + "\n")
    case .json: try self.write(snapshot.json.line + "\n")
    }
  }

  /// Gives the terminal back; the last view stays. To be called however the demo ends.
  package mutating func end() throws(Failure) {
    let text = self.drawing.end()
    if !text.isEmpty { try self.write(text) }
  }
}
