internal import EkkoCore

extension ParameterVersion {
  var json: JSONValue {
    .object([
      .init("time_us", .unsigned(self.timestamp.microseconds)),
      .init("counter", .unsigned(UInt64(self.timestamp.counter))),
      .init("origin", .hexadecimal(self.origin.rawValue)),
    ])
  }

  /// Time, counter and origin.
  var text: String {
    "\(self.timestamp.microseconds).\(self.timestamp.counter)@\(self.origin.rawValue.hexadecimal)"
  }
}
