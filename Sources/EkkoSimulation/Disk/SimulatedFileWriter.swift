internal import EkkoStorage
internal import Glibc

/// Writes one file of a simulated disk; it is held here until it is published.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class SimulatedFileWriter: FileWriter, @unchecked Sendable {
  private let name: String
  private let store: SimulatedFileStore
  private var content: [UInt8] = []
  private var state = State.open

  private enum State {
    case open
    case failed(FileError)
    case published
    case discarded
  }

  init(_ name: String, in store: SimulatedFileStore) {
    self.name = name
    self.store = store
  }

  func append(_ bytes: [UInt8]) async throws(FileError) {
    try self.checkOpen()
    let disk = self.store.disk
    try await self.spend(.transfer(byteCount: bytes.count), in: .write)
    try self.fail(disk.failure(.diskFull, in: .write, of: self.name, code: ENOSPC))
    try self.fail(disk.failure(.writeError, in: .write, of: self.name, code: EIO))
    self.content.append(contentsOf: bytes)
  }

  /// The new content shows somewhere within the call: who dies in it may leave either.
  func publish() async throws(FileError) {
    try self.checkOpen()
    let disk = self.store.disk
    try await self.spend(.sync, in: .sync)
    try self.fail(disk.failure(.syncError, in: .sync, of: self.name, code: EIO))
    disk.publish(self.content, as: self.name)
    self.content = []
    try await self.spend(.sync, in: .sync)
    self.state = .published
  }

  func discard() async {
    switch self.state {
    case .open, .failed:
      self.state = .discarded
      self.content = []
      // Nothing is left on the disk, whether the call ends or its process does.
      try? await self.store.spend(.call, in: .delete, of: self.name)
    case .published, .discarded:
      break
    }
  }

  private func checkOpen() throws(FileError) {
    switch self.state {
    case .open: break
    case .failed(let error): throw error
    case .published, .discarded: preconditionFailure("\(self.name) is written after its end")
    }
  }

  private func spend(
    _ work: SimulatedFileStore.Work, in call: FileError.Call
  ) async throws(FileError) {
    do {
      try await self.store.spend(work, in: call, of: self.name)
    } catch {
      try self.fail(error)
    }
  }

  private func fail(_ error: FileError?) throws(FileError) {
    guard let error else { return }
    self.state = .failed(error)
    self.content = []
    throw error
  }
}
