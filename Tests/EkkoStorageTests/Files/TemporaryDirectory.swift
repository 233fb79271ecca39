import EkkoStorage
import Foundation

/// A new directory of its own for one test, deleted with everything in it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    self.path = NSTemporaryDirectory() + "/ekko-files-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: false)
  }

  deinit {
    self.setPermissions(0o700)
    do {
      try FileManager.default.removeItem(atPath: self.path)
    } catch {
      print("\(self.path) stays behind: \(error)")
    }
  }

  func setPermissions(_ permissions: UInt16) { _ = chmod(self.path, mode_t(permissions)) }

  /// Everything in the directory but the lock, hidden or not.
  func contents() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: self.path).filter { $0 != ".lock" }.sorted()
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: self.path + "/" + name))
  }
}

extension FileStore {
  func publish(_ bytes: [UInt8], as name: String) async throws {
    let writer = try await self.create(name)
    try await writer.append(bytes)
    try await writer.publish()
  }

  func contents(of name: String, chunk: Int = 1000) async throws -> [UInt8] {
    let reader = try await self.open(name)
    var bytes: [UInt8] = []
    while true {
      let part = try await reader.read(upTo: chunk)
      if part.isEmpty { break }
      bytes += part
    }
    return bytes
  }
}
