/// Lines about what happens to a node, for its operator: talk, on stderr.
struct NodeLog: Sendable {
  let format: LogFormat
  let node: String

  func write(_ event: String, _ message: String) {
    let line =
      switch self.format {
      case .text:
        "\(self.node): \(message.printable())"
      case .json:
        JSONValue.object([
          .init("node", .text(self.node)), .init("event", .text(event)),
          .init("message", .text(message)),
        ]).line
      }
    // Nobody may be reading the log; the node goes on.
    try? StandardStream.error.print(line)
  }
}
