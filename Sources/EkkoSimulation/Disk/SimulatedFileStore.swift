internal import EkkoCore
internal import EkkoStorage
internal import Glibc

/// A simulated disk as one process sees it. Calls take virtual time; those of a dead process do
/// nothing and fail.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class SimulatedFileStore: FileStore, @unchecked Sendable {
  let disk: SimulatedDisk
  private let process: SimulatedProcess
  private var waiters: [Waiter] = []
  private var lastWaiter: UInt64 = 0

  private struct Waiter {
    let number: UInt64
    let ticket: TimerQueue.Ticket
    let continuation: CheckedContinuation<Void, Never>
  }

  /// How long a call takes on a disk in order.
  enum Work {
    case call, sync
    case transfer(byteCount: Int)

    var range: ClosedRange<Duration> {
      switch self {
      case .call: .microseconds(10)...(.microseconds(200))
      case .sync: .microseconds(200)...(.milliseconds(4))
      case .transfer(let byteCount):
        .microseconds(10 + byteCount / 2000)...(.microseconds(100 + byteCount / 500))
      }
    }
  }

  init(_ disk: SimulatedDisk, _ process: SimulatedProcess) {
    self.disk = disk
    self.process = process
    process.whenDying { [weak self] in self?.wakeAll() }
  }

  // MARK: FileStore

  func names() async throws(FileError) -> [String] {
    try await self.spend(.call, in: .list, of: "")
    if let error = self.disk.failure(.readError, in: .list, of: "", code: EIO) { throw error }
    self.disk.meetNames()
    return self.disk.sortedNames
  }

  func create(_ name: String) async throws(FileError) -> any FileWriter {
    try self.check(name, .create)
    try await self.spend(.call, in: .create, of: name)
    return SimulatedFileWriter(name, in: self)
  }

  func open(_ name: String) async throws(FileError) -> any FileReader {
    try self.check(name, .open)
    try await self.spend(.call, in: .open, of: name)
    guard let file = self.disk.open(name) else {
      throw self.disk.error(.open, name, code: ENOENT)
    }
    return SimulatedFileReader(file, name, in: self)
  }

  func delete(_ name: String) async throws(FileError) {
    try self.check(name, .delete)
    try await self.spend(.call, in: .delete, of: name)
    let isDeleted = self.disk.delete(name)
    try await self.spend(.sync, in: .delete, of: name)
    guard isDeleted else { throw self.disk.error(.delete, name, code: ENOENT) }
  }

  /// There is nothing to delete: what was not published went with its process.
  func deleteUnpublished() async throws(FileError) {
    try await self.spend(.call, in: .list, of: "")
  }

  private func check(_ name: String, _ call: FileError.Call) throws(FileError) {
    guard FileName.isValid(name) else { throw self.disk.error(call, name, code: EINVAL) }
  }

  // MARK: Time

  /// Lets the time of a call pass. Like a call of the system it cannot be cancelled; a process that
  /// dies meanwhile does not see its end.
  func spend(_ work: Work, in call: FileError.Call, of name: String) async throws(FileError) {
    try self.checkLife(call, name)
    var duration = self.disk.generator.duration(in: work.range)
    let isSlow = self.disk.strikes(.slowDisk)
    if isSlow { duration *= 100 + self.disk.generator.below(901) }
    await withCheckedContinuation { continuation in
      self.lastWaiter += 1
      let number = self.lastWaiter
      let ticket = self.disk.simulation.after(duration) { self.wake(number) }
      self.waiters.append(Waiter(number: number, ticket: ticket, continuation: continuation))
    }
    try self.checkLife(call, name)
    if isSlow { self.disk.fire(.slowDisk) }
  }

  private func checkLife(_ call: FileError.Call, _ name: String) throws(FileError) {
    guard !self.process.isDead else { throw self.disk.error(call, name, code: EIO) }
  }

  private func wake(_ number: UInt64) {
    guard let place = self.waiters.firstIndex(where: { $0.number == number }) else { return }
    self.waiters.remove(at: place).continuation.resume()
  }

  private func wakeAll() {
    let waiters = self.waiters
    self.waiters = []
    for waiter in waiters {
      self.disk.simulation.cancel(waiter.ticket)
      waiter.continuation.resume()
    }
  }
}
