import EkkoRecommender
import Foundation
import Testing

@Suite struct FileByteSourceTests {
  private static func withFile<Result>(
    _ bytes: [UInt8], _ body: (String) throws -> Result
  ) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "ekko-\(UUID().uuidString)")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
  }

  @Test func `a file is read to its end and then on if it grows`() throws {
    let bytes = (0..<600_000).map { UInt8(truncatingIfNeeded: $0) }

    try Self.withFile(bytes) { path in
      let source = try FileByteSource(path: path)
      var read: [UInt8] = []
      while let chunk = try source.nextChunk() { read += chunk }
      #expect(read == bytes)

      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data([1, 2, 3]))
      try handle.close()
      #expect(try source.nextChunk() == [1, 2, 3])
      #expect(try source.nextChunk() == nil)
    }
  }

  @Test func `what is missing or no file is refused`() {
    #expect(throws: ClickLogError.unreadable(path: "/no/such/file", code: 2)) {
      try FileByteSource(path: "/no/such/file")
    }
    #expect(throws: ClickLogError.unreadable(path: "/", code: 21)) {
      try FileByteSource(path: "/")
    }
    #expect(throws: ClickLogError.unreadable(path: "/dev/null", code: 22)) {
      try FileByteSource(path: "/dev/null")
    }
  }
}
