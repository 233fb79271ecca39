package import EkkoCore

/// A `FileStore` in a directory of this machine, which it locks against other processes.
///
/// All calls block the executor that is handed in, one after the other. Reading and writing at the same
/// time take turns call by call.
package actor POSIXFileStore: FileStore {
  private let directory: DataDirectory
  private let executor: ActorExecutor
  /// Tells writers apart that write the same name at the same time: the last to publish wins.
  private var writerCount = 0

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe self.executor.unowned
  }

  /// Opens the directory, and creates it if its parent exists. Blocks for a few calls: for start-up.
  ///
  /// - Parameter executor: one that may wait for a disk: no core loop.
  package init(directory: String, on executor: ActorExecutor) throws(FileError) {
    self.executor = executor
    self.directory = try DataDirectory(path: directory)
  }

  package func names() throws(FileError) -> [String] {
    try self.directory.names().filter(FileName.isValid).sorted()
  }

  package func create(_ name: String) throws(FileError) -> any FileWriter {
    try self.check(name, .create)
    let hidden = "\(name).\(self.writerCount)\(FileName.unpublishedSuffix)"
    self.writerCount += 1
    return POSIXFileWriter(
      try self.directory.createFile(hidden), hiddenName: hidden, name: name,
      directory: self.directory, executor: self.executor)
  }

  package func open(_ name: String) throws(FileError) -> any FileReader {
    try self.check(name, .open)
    let descriptor = try self.directory.openFile(name)
    do {
      let byteCount = try descriptor.byteCount()
      return POSIXFileReader(
        descriptor, byteCount: byteCount, name: name, directory: self.directory,
        executor: self.executor)
    } catch {
      throw self.directory.error(.open, error, name: name)
    }
  }

  package func delete(_ name: String) throws(FileError) {
    try self.check(name, .delete)
    try self.directory.delete(name)
    try self.directory.sync()
  }

  package func deleteUnpublished() throws(FileError) {
    for name in try self.directory.names() where name.hasSuffix(FileName.unpublishedSuffix) {
      try self.directory.delete(name)
    }
  }

  private func check(_ name: String, _ call: FileError.Call) throws(FileError) {
    guard FileName.isValid(name) else {
      throw self.directory.error(call, .invalidName, name: name)
    }
  }
}
