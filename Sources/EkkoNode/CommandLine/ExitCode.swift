/// What the binary ends with (DESIGN §12).
package enum ExitCode: Int32, Hashable, Sendable {
  case success = 0
  /// A check failed, or anything that has no number of its own.
  case failure = 1
  /// A bad flag, a missing argument, an unknown verb or name.
  case usage = 64
  /// Input of the wrong format or length, or with numbers that are none.
  case badInput = 65
  /// No answer from the cluster in time.
  case unavailable = 69
  /// A file is missing or unreadable, or a write failed.
  case fileTrouble = 74
  /// The port is in use, the address needs a secret, or the configuration file is wrong.
  case configuration = 78
}
