internal import EkkoCore

/// Reads one file of a `POSIXFileStore`.
actor POSIXFileReader: FileReader {
  nonisolated let byteCount: Int
  private let descriptor: FileDescriptor
  private let name: String
  private let directory: DataDirectory
  private let executor: ActorExecutor

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe self.executor.unowned
  }

  init(
    _ descriptor: consuming FileDescriptor, byteCount: Int, name: String,
    directory: DataDirectory, executor: ActorExecutor
  ) {
    self.descriptor = descriptor
    self.byteCount = byteCount
    self.name = name
    self.directory = directory
    self.executor = executor
  }

  func read(upTo byteCount: Int) throws(FileError) -> [UInt8] {
    precondition(byteCount > 0, "an empty answer means the end of the file")
    do {
      return try self.descriptor.read(upTo: byteCount)
    } catch {
      throw self.directory.error(.read, error, name: self.name)
    }
  }
}
