internal import EkkoCore
internal import EkkoTransport
internal import Foundation

/// The processes of the demo's nodes. They end with the demo, whatever becomes of it: each leaves
/// when its standard input ends, and only the demo holds the other side.
actor ChildNodes {
  private var children: [Child] = []
  private let runtime: Runtime

  private struct Child: Sendable {
    let process: Process
    /// Ends with the demo, and by itself if that is killed.
    let input: Pipe
  }

  /// How long a node may take to start, and to leave once it is asked to.
  private static let patience = Duration.seconds(30)
  private static let leavePatience = Duration.seconds(5)
  private static let tick = Duration.milliseconds(2)

  init(runtime: Runtime) { self.runtime = runtime }

  /// Starts a node of this very program and returns where it listens. Ends early if the task is
  /// cancelled; `stopAll` ends the node then as well.
  func start(
    _ name: String, role: String, dataCentre: String, join: [Endpoint]
  ) async throws -> Endpoint {
    try Task.checkCancellation()
    let configuration = FileManager.default.temporaryDirectory
      .appendingPathComponent("ekko-demo-\(UUID().uuidString).json5")
    try Data("{default_model: false, ends_with_input: true}".utf8).write(to: configuration)
    defer { try? FileManager.default.removeItem(at: configuration) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [
      "--role", role, "--data-center", dataCentre, "--listen", "127.0.0.1:0",
      "--config", configuration.path,
    ]
    if !join.isEmpty {
      process.arguments?.append(contentsOf: [
        "--join", join.map(\.description).joined(separator: ","),
      ])
    }
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    // What a node says of its peers coming and going is no news in a demo.
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.children.append(Child(process: process, input: input))
    let line = try await self.firstLine(of: output.fileHandleForReading)
    guard let word = line.split(separator: " ").first(where: { $0.hasPrefix("listen=") }),
      let endpoint = try? Endpoint(parsing: String(word.dropFirst("listen=".count)))
    else {
      throw DemoError.node(name: name, why: "its process did not become ready")
    }
    return endpoint
  }

  /// Read by the byte: what follows the line belongs to nobody. As much as came, if the line does
  /// not end in time.
  private func firstLine(of file: FileHandle) async throws -> String {
    let deadline = self.runtime.clock.now().monotonic.advanced(by: Self.patience)
    var bytes: [UInt8] = []
    while self.runtime.clock.now().monotonic < deadline {
      guard file.isReadable else {
        try await self.runtime.clock.sleep(for: Self.tick)
        continue
      }
      guard let byte = try file.read(upToCount: 1)?.first, byte != 10 else { break }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Asks every node to leave, and ends those that do not. Returns when all are gone, also in a task
  /// that was cancelled.
  func stopAll() async {
    let children = self.children
    self.children = []
    let clock = self.runtime.clock
    let ending = self.runtime.spawn(on: Home(index: 0)) {
      for child in children {
        if child.process.isRunning { child.process.terminate() }
        try? child.input.fileHandleForWriting.close()
      }
      let deadline = clock.now().monotonic.advanced(by: Self.leavePatience)
      for child in children {
        while child.process.isRunning {
          if clock.now().monotonic >= deadline { kill(child.process.processIdentifier, SIGKILL) }
          try? await clock.sleep(for: Self.tick)
        }
      }
    }
    await ending.value
  }
}

extension FileHandle {
  /// Whether a read would not wait.
  fileprivate var isReadable: Bool {
    var request = pollfd(fd: self.fileDescriptor, events: Int16(POLLIN), revents: 0)
    // SAFETY: one request, which is a local.
    return unsafe poll(&request, 1, 0) != 0
  }
}
