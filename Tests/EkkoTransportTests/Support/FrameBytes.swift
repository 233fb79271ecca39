@testable import EkkoTransport

extension FrameEncoder {
  /// The pieces of `frames`, joined.
  mutating func bytes(of frames: [Frame]) throws(FrameError) -> [UInt8] {
    try self.encode(frames).joinedBytes()
  }
}

extension FrameDecoder {
  /// What one read does.
  mutating func feed(_ piece: [UInt8]) {
    var (bytes, _) = self.startReading()
    bytes += piece
    self.finishReading(bytes)
  }
}

extension Collection<UInt8> {
  /// Where the elements lie.
  var address: UnsafeRawPointer? {
    self.withContiguousStorageIfAvailable { UnsafeRawPointer($0.baseAddress) } ?? nil
  }
}
