/// Why a click log cannot be read. Ragged rows are no error: they are skipped and counted.
package enum ClickLogError: Error, Hashable, Sendable {
  /// A control character or text that is not UTF-8.
  case binary(line: Int)
  /// The first line is not of the format.
  case wrongFormat(ClickLogFormat)
  case lineTooLong(line: Int, limit: Int)
  case unreadable(path: String, code: Int32)
}

extension ClickLogError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .binary(let line): "line \(line) is not text"
    case .wrongFormat(let format): "the first line is not \(format.explanation)"
    case .lineTooLong(let line, let limit): "line \(line) is longer than \(limit) bytes"
    case .unreadable(let path, let code): "cannot read \(path) (error \(code))"
    }
  }
}
