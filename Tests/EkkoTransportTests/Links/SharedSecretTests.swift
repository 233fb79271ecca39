import EkkoTransport
import Glibc
import Testing

/// The secret file's rules.
@Suite struct SharedSecretTests {
  /// Calls `body` with the path of a fresh file and removes it afterwards.
  private static func withFile(
    _ contents: [UInt8], mode: mode_t, _ body: (String) throws -> Void
  ) throws {
    var template = Array(("/tmp/ekko-secret-" + String(repeating: "X", count: 6)).utf8CString)
    let descriptor = mkstemp(&template)
    try #require(descriptor >= 0)
    let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    defer { unlink(path) }
    #expect(write(descriptor, contents, contents.count) == contents.count)
    #expect(fchmod(descriptor, mode) == 0)
    close(descriptor)
    try body(path)
  }

  @Test(arguments: [0o600, 0o400] as [mode_t])
  func `a file that only its owner can read is loaded`(mode: mode_t) throws {
    try Self.withFile(Array("secret\n".utf8), mode: mode) { path in
      let secret = try SharedSecret.load(path: path)
      #expect("\(secret)" == "SharedSecret")
      #expect(String(reflecting: secret) == "SharedSecret")
      #expect(Mirror(reflecting: secret).children.isEmpty)
    }
  }

  @Test(arguments: [0o644, 0o640, 0o604, 0o660, 0o700, 0o4600] as [mode_t])
  func `any other mode is refused`(mode: mode_t) throws {
    try Self.withFile(Array("secret".utf8), mode: mode) { path in
      #expect(throws: SharedSecret.LoadError.wrongMode(path: path, mode: mode)) {
        try SharedSecret.load(path: path)
      }
    }
  }

  @Test(arguments: ["", "\n", "\r\n\n"])
  func `an empty file is refused`(contents: String) throws {
    try Self.withFile(Array(contents.utf8), mode: 0o600) { path in
      #expect(throws: SharedSecret.LoadError.empty(path: path)) {
        try SharedSecret.load(path: path)
      }
    }
  }

  @Test func `a missing file, a directory and a long file are told apart`() throws {
    #expect(throws: SharedSecret.LoadError.notFound(path: "/tmp/ekko/absent")) {
      try SharedSecret.load(path: "/tmp/ekko/absent")
    }
    #expect(throws: SharedSecret.LoadError.notAFile(path: "/tmp")) {
      try SharedSecret.load(path: "/tmp")
    }
    let long = [UInt8](repeating: 65, count: SharedSecret.byteLimit + 1)
    try Self.withFile(long, mode: 0o600) { path in
      #expect(
        throws: SharedSecret.LoadError.tooLong(path: path, byteLimit: SharedSecret.byteLimit)
      ) { try SharedSecret.load(path: path) }
    }
    try Self.withFile(Array(long.dropLast()), mode: 0o600) { path in
      _ = try SharedSecret.load(path: path)
    }
  }
}
