import Foundation

/// A new directory of its own for one test, deleted with everything in it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    self.path = NSTemporaryDirectory() + "/ekko-node-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: false)
  }

  /// A copy of `other` as it is now, which nobody has locked.
  init(copying other: TemporaryDirectory) throws {
    self.path = other.path + "-copy-" + UUID().uuidString
    try FileManager.default.copyItem(atPath: other.path, toPath: self.path)
  }

  deinit {
    do {
      try FileManager.default.removeItem(atPath: self.path)
    } catch {
      print("\(self.path) stays behind: \(error)")
    }
  }

  func contents(of name: String) throws -> Data {
    try Data(contentsOf: URL(filePath: self.path + "/" + name))
  }

  /// Changes one bit in the middle of a file.
  func damage(_ name: String) throws {
    var bytes = try self.contents(of: name)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: self.path + "/" + name))
  }
}
