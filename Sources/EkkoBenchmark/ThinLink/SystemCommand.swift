internal import Foundation

/// Short programs of the system that are run to their end.
enum SystemCommand {
  /// - Throws: what the program said on its error output, if it failed.
  static func run(_ words: [String]) async throws(ThinLinkTrouble) {
    let outcome: Result<Void, ThinLinkTrouble>
    do { outcome = try await onThread { _ in Self.perform(words) } } catch {
      outcome = .failure(.failed(words.joined(separator: " "), why: "\(error)"))
    }
    try outcome.get()
  }

  private static func perform(_ words: [String]) -> Result<Void, ThinLinkTrouble> {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = output
    do { try process.run() } catch {
      return .failure(.failed(words.joined(separator: " "), why: "\(error)"))
    }
    let said = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus != 0 else { return .success(()) }
    let text = String(decoding: said, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return .failure(.failed(words.joined(separator: " "), why: text.isEmpty ? "no reason" : text))
  }
}
