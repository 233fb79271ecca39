internal import EkkoStorage
internal import Glibc

/// Reads one file of a simulated disk, as it was when it was opened.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class SimulatedFileReader: FileReader, @unchecked Sendable {
  private let name: String
  private let store: SimulatedFileStore
  private let file: SimulatedDisk.File
  private var offset = 0

  init(_ file: SimulatedDisk.File, _ name: String, in store: SimulatedFileStore) {
    self.file = file
    self.name = name
    self.store = store
  }

  nonisolated var byteCount: Int { self.file.content.count }

  func read(upTo byteCount: Int) async throws(FileError) -> [UInt8] {
    precondition(byteCount > 0, "an empty answer means the end of the file")
    let disk = self.store.disk
    let count = min(byteCount, self.file.content.count - self.offset)
    try await self.store.spend(.transfer(byteCount: count), in: .read, of: self.name)
    if let error = disk.failure(.readError, in: .read, of: self.name, code: EIO) { throw error }
    let range = self.offset..<self.offset + count
    disk.meetDamage(of: self.file, in: range, name: self.name)
    self.offset += count
    return Array(self.file.content[range])
  }
}
