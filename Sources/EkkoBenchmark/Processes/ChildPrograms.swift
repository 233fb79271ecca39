internal import EkkoCore
internal import Foundation

/// Programs that were started to be measured. They are ended with the measurement, whatever becomes
/// of it.
actor ChildPrograms {
  private var children: [ChildProgram] = []

  private static let patience = Duration.seconds(5)

  /// Starts a program, given by its path, or by its name if it is where programs are.
  func start(_ words: [String]) throws -> ChildProgram {
    try Task.checkCancellation()
    let child = try ChildProgram("/usr/bin/env", words)
    self.children.append(child)
    return child
  }

  /// Asks every program to leave, the last started first, and ends those that do not. Returns when all
  /// are gone, also in a task that was cancelled.
  func stopAll() async {
    let children = self.children.reversed()
    self.children = []
    // A task that was cancelled cannot sleep.
    let ending = Task.detached {
      for child in children { child.leave() }
      let deadline = ContinuousClock.now.advanced(by: Self.patience)
      for child in children {
        while child.isRunning {
          if ContinuousClock.now >= deadline { child.kill() }
          try? await Task.sleep(for: .milliseconds(2))
        }
      }
    }
    await ending.value
  }
}

/// One of them.
struct ChildProgram: Sendable {
  private let process = Process()
  /// Ends with this program, also if that is killed.
  private let input = Pipe()
  private let output = Pipe()

  private static let patience = Duration.seconds(30)

  fileprivate init(_ path: String, _ arguments: [String]) throws {
    self.process.executableURL = URL(fileURLWithPath: path)
    self.process.arguments = arguments
    self.process.standardInput = self.input
    self.process.standardOutput = self.output
    self.process.standardError = FileHandle.nullDevice
    try self.process.run()
  }

  var id: ProcessID { ProcessID(rawValue: self.process.processIdentifier) }

  var isRunning: Bool { self.process.isRunning }

  fileprivate func leave() {
    if self.process.isRunning { self.process.terminate() }
    try? self.input.fileHandleForWriting.close()
  }

  fileprivate func kill() { _ = Foundation.kill(self.process.processIdentifier, SIGKILL) }

  /// The first line that the program prints, or as much of it as comes in time.
  func firstLine() async throws -> String {
    let file = self.output.fileHandleForReading
    let deadline = ContinuousClock.now.advanced(by: Self.patience)
    return try await onThread { flag in
      var bytes: [UInt8] = []
      while ContinuousClock.now < deadline, !flag.isRaised {
        guard file.isReadable(within: 20) else { continue }
        guard let byte = try file.read(upToCount: 1)?.first, byte != 10 else { break }
        bytes.append(byte)
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// Reads what the program prints and forgets it: a full pipe would stop it.
  func dropOutput() {
    self.output.fileHandleForReading.readabilityHandler = { file in
      // At the end there is no more to wait for.
      if file.availableData.isEmpty { file.readabilityHandler = nil }
    }
  }
}

/// The system's number of a process.
struct ProcessID: Hashable, Sendable {
  let rawValue: Int32
}

extension FileHandle {
  /// Whether a read would not wait.
  fileprivate func isReadable(within milliseconds: CInt) -> Bool {
    var request = pollfd(fd: self.fileDescriptor, events: Int16(POLLIN), revents: 0)
    // SAFETY: one request, which is a local.
    return unsafe poll(&request, 1, milliseconds) > 0
  }
}
