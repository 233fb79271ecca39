import Foundation
import Testing

@testable import EkkoNode

/// The binary itself, beside the tests.
@Suite(.timeLimit(.minutes(5))) struct ProgramTests {
  private struct Running {
    let process = Process()
    let input = Pipe()
    let output = Pipe()

    init(_ words: [String]) throws {
      let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      self.process.executableURL = tests.deletingLastPathComponent()
        .appendingPathComponent("ekko-node")
      self.process.arguments = words
      self.process.standardInput = self.input
      self.process.standardOutput = self.output
      self.process.standardError = FileHandle.nullDevice
      try self.process.run()
    }

    /// The next line of the output, without its end.
    func line() throws -> String {
      var bytes = Data()
      while let byte = try self.output.fileHandleForReading.read(upToCount: 1), byte != Data([10]) {
        guard !byte.isEmpty else { break }
        bytes += byte
      }
      return String(decoding: bytes, as: UTF8.self)
    }

    /// What follows, and the exit code.
    func end() throws -> (rest: [String], code: Int32) {
      let rest = try self.output.fileHandleForReading.readToEnd() ?? Data()
      self.process.waitUntilExit()
      #expect(self.process.terminationReason == .exit)
      let lines = String(decoding: rest, as: UTF8.self).split(separator: "\n").map(String.init)
      return (lines, self.process.terminationStatus)
    }
  }

  @Test func `a node that ends with its input leaves when its parent has gone`() throws {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("ekko-test-\(UUID().uuidString).json5")
    try Data("{ends_with_input: true}".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let node = try Running([
      "--role", "inference", "--join", "127.0.0.1:1", "--listen", "127.0.0.1:0", "--config",
      file.path,
    ])
    #expect(try node.line().hasPrefix("ready "))

    try node.input.fileHandleForWriting.close()

    #expect(try node.end().code == 0)
  }

  @Test(arguments: [[], ["--processes"]])
  func `a demo that is interrupted drains, sums up and leaves with 0`(_ more: [String]) throws {
    let demo = try Running(
      ["demo", "--data-centers", "2", "--replicas", "1", "--seconds", "60", "--json"] + more)
    #expect(try demo.line().contains("\"kind\":\"progress\""))

    demo.process.interrupt()

    let (rest, code) = try demo.end()
    #expect(code == 0)
    let last = try #require(rest.last)
    #expect(last.contains("\"kind\":\"summary\""))
    #expect(last.contains("\"updates_lost\":0"))
  }

  @Test func `a demo that is killed leaves no node behind`() throws {
    let demo = try Running([
      "demo", "--data-centers", "2", "--replicas", "1", "--seconds", "60", "--json", "--processes",
    ])
    #expect(try demo.line().contains("\"kind\":\"progress\""))
    let id = demo.process.processIdentifier
    let nodes = try Self.children(of: id)
    #expect(nodes.count == 2)

    kill(id, SIGKILL)
    demo.process.waitUntilExit()

    // No descendant of ours any more, so there is nothing to wait on but the list of processes.
    let deadline = ContinuousClock.now.advanced(by: .seconds(20))
    while nodes.contains(where: { Self.isNode($0) }), ContinuousClock.now < deadline {
      usleep(1000)
    }
    #expect(!nodes.contains { Self.isNode($0) })
  }

  private static func children(of parent: Int32) throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
      .filter { process in
        let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        return status?.split(separator: "\n").contains("PPid:\t\(parent)") ?? false
      }
  }

  private static func isNode(_ process: Int32) -> Bool {
    (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8))?
      .contains("--role") ?? false
  }
}
