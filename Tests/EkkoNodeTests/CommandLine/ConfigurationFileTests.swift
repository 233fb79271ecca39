import EkkoTransport
import Foundation
import Testing

@testable import EkkoNode

@Suite struct ConfigurationFileTests {
  private func parse(_ file: String, _ flags: [String] = []) throws(Failure) -> NodeOptions {
    let command = try CommandLineParser.parse(["--config", "n.json5"] + flags) {
      path throws(Failure) in
      #expect(path == "n.json5")
      return Array(file.utf8)
    }
    guard case .node(let options) = command else { preconditionFailure("not a node: \(command)") }
    return options
  }

  private func failure(_ file: String, _ flags: [String] = []) -> Failure? {
    do throws(Failure) {
      let options = try self.parse(file, flags)
      Issue.record("'\(file)' was understood as \(options)")
      return nil
    } catch {
      return error
    }
  }

  @Test func `every flag of a node but --config is a key, in JSON5`() throws {
    var expected = NodeOptions(roles: [.training, .inference])
    expected.dataCentre = "east"
    expected.zone = "a"
    expected.listen = Endpoint(host: "127.0.0.1", port: 9)
    expected.advertise = Endpoint(host: "x", port: 8)
    expected.join = [Endpoint(host: "h", port: 1), Endpoint(host: "h", port: 2)]
    expected.dataDirectory = "dir"
    expected.secretFile = "s"
    expected.logFormat = .json
    expected.makesDefaultModel = false
    expected.endsWithInput = true

    let options = try self.parse(
      """
      // where it stands
      { role: ['training', "inference"], data_center: 'east', zone: "a", listen: '127.0.0.1:9',
        advertise: 'x:8', join: 'h:1,h:2', data: 'dir', secret_file: 's', log_format: 'json',
        default_model: false, ends_with_input: true }
      """)

    #expect(options == expected)
    #expect(try self.parse("{role: 'training'}") == NodeOptions(roles: .training))
    #expect(
      try self.parse("{join: ['h:1', 'h:2']}", ["--role", "inference"]).join == expected.join)
  }

  @Test func `flags win over the file`() throws {
    let options = try self.parse(
      "{role: ['training'], zone: 'z', join: 'bad'}",
      ["--role", "inference", "--zone", "y", "--join", "h:1"])

    #expect(options.roles == .inference)
    #expect(options.zone == "y")
    #expect(options.join == [Endpoint(host: "h", port: 1)])
  }

  @Test(arguments: [
    (
      "{data_centre: 'x'}",
      "n.json5, key 'data_centre': there is no such key. Did you mean 'data_center'? "
        + "Correct the key."
    ),
    (
      "{config: 'x'}",
      "n.json5, key 'config': there is no such key. Use one of role, data_center, zone, listen, "
        + "advertise, join, data, secret_file, log_format, default_model, ends_with_input."
    ),
    (
      "{listen: 'x'}",
      "n.json5, key 'listen': 'x' has no port. "
        + "Write HOST:PORT, such as 127.0.0.1:7400 or [::1]:7400."
    ),
    (
      "{role: 'training', listen: 'h:1', join: 'h:1'}",
      "n.json5, key 'join': h:1 is where this node itself listens. "
        + "Name other nodes of the cluster."
    ),
    (
      "{role: 'witness'}",
      "n.json5, key 'role': 'witness' is unknown. Use one of inference, training."
    ),
    (
      "{zone: true}",
      "n.json5, key 'zone': its value is not a text that says something. "
        + "Write it in quotes, as --zone takes it."
    ),
    (
      "{zone: ['a', 'b']}",
      "n.json5, key 'zone': its value is not a text that says something. "
        + "Write it in quotes, as --zone takes it."
    ),
    (
      "{listen: 7400}",
      "n.json5, key 'listen': its value is of a kind that no key takes. "
        + "Write a text in quotes, true or false."
    ),
    (
      "{zone: null}",
      "n.json5, key 'zone': its value is of a kind that no key takes. "
        + "Write a text in quotes, true or false."
    ),
    (
      "{default_model: 'no'}",
      "n.json5, key 'default_model': it is neither true nor false. Write true or false."
    ),
    ("[]", "n.json5: it is not an object in JSON5. Write { role: \"training\", … }."),
    ("{role: ", "n.json5: it is not an object in JSON5. Write { role: \"training\", … }."),
    ("", "n.json5: it is not an object in JSON5. Write { role: \"training\", … }."),
  ])
  func `a wrong file is refused with a sentence that names the key`(file: String, message: String) {
    let failure = self.failure(file, file.contains("role") ? [] : ["--role", "training"])

    #expect(failure?.line == "ekko-node: " + message)
    #expect(failure?.exitCode == .configuration)
  }

  @Test func `without a role in file or flags the flag is missing`() {
    #expect(self.failure("{zone: 'a'}")?.exitCode == .usage)
  }

  @Test func `a file is read whole, unless it is far too long for one`() throws {
    let path = FileManager.default.temporaryDirectory
      .appending(path: "ekko-\(UUID().uuidString).json5").path()
    defer { try? FileManager.default.removeItem(atPath: path) }
    // Longer than what is read at once.
    let comment = "/*" + String(repeating: "x", count: 600_000) + "*/"
    try Data("\(comment){role: 'training', zone: 'z'}".utf8).write(to: URL(filePath: path))

    let command = try CommandLineParser.parse(["--config", path])

    var expected = NodeOptions(roles: .training)
    expected.zone = "z"
    #expect(command == .node(expected))
    try Data("\(comment)\(comment){role: 'training', zone: 'z'}".utf8).write(
      to: URL(filePath: path))
    do throws(Failure) {
      _ = try CommandLineParser.parse(["--config", path])
      Issue.record("it was read")
    } catch {
      #expect(error.exitCode == .configuration)
      #expect(error.why == "it is longer than 1048576 bytes")
    }
  }

  @Test func `a missing file is a file's trouble, and a directory is too`() {
    for path in ["/nonexistent/n.json5", "/"] {
      do throws(Failure) {
        _ = try CommandLineParser.parse(["--config", path])
        Issue.record("\(path) was read")
      } catch {
        #expect(error.exitCode == .fileTrouble)
        #expect(error.what == "cannot read \(path)")
      }
    }
  }

  @Test func `deep nesting and broken text are refused, not followed`() {
    for file in [String(repeating: "[", count: 100_000), "{a: '\u{0}\u{1F}'}", "{\u{FEFF}: 1}"] {
      #expect(self.failure(file)?.exitCode == .configuration)
    }
  }
}
