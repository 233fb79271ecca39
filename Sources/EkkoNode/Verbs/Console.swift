internal import EkkoTransport
internal import Foundation

/// Where the program talks: data to stdout, talk to stderr.
package struct Console: Sendable {
  package init() {}

  /// One line of data.
  package func print(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  /// One line of talk.
  package func say(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}

/// Lines about what happens to a node, for its operator.
struct NodeLog: Sendable {
  let console: Console
  let format: LogFormat
  let node: String

  func write(_ event: String, _ message: String) {
    switch self.format {
    case .text:
      self.console.say("\(self.node): \(message.printable())")
    case .json:
      let record = ["node": self.node, "event": event, "message": message]
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      guard let data = try? encoder.encode(record) else { return }
      self.console.say(String(decoding: data, as: UTF8.self))
    }
  }
}
