internal import EkkoCore

/// Writes one file of a `POSIXFileStore`.
actor POSIXFileWriter: FileWriter {
  private let descriptor: FileDescriptor
  private let hiddenName: String
  private let name: String
  private let directory: DataDirectory
  private let executor: ActorExecutor
  private var state = State.open

  private enum State {
    case open
    case failed(FileError)
    case published
    case discarded
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe self.executor.unowned
  }

  init(
    _ descriptor: consuming FileDescriptor, hiddenName: String, name: String,
    directory: DataDirectory, executor: ActorExecutor
  ) {
    self.descriptor = descriptor
    self.hiddenName = hiddenName
    self.name = name
    self.directory = directory
    self.executor = executor
  }

  func append(_ bytes: [UInt8]) throws(FileError) {
    try self.perform { () throws(FileError) in
      do throws(SystemFailure) {
        try self.descriptor.append(bytes)
      } catch {
        throw self.directory.error(.write, error, name: self.name)
      }
    }
  }

  /// Content before name before directory: no crash in between shows a name without its content.
  func publish() throws(FileError) {
    try self.perform { () throws(FileError) in
      do throws(SystemFailure) {
        try self.descriptor.sync()
      } catch {
        throw self.directory.error(.sync, error, name: self.name)
      }
      try self.directory.rename(self.hiddenName, to: self.name)
      try self.directory.sync()
    }
    self.state = .published
  }

  func discard() {
    switch self.state {
    case .open, .failed:
      self.state = .discarded
      // If it cannot be deleted now, `deleteUnpublished` will do it or say why not.
      try? self.directory.delete(self.hiddenName)
    case .published, .discarded:
      break
    }
  }

  private func perform(_ body: () throws(FileError) -> Void) throws(FileError) {
    switch self.state {
    case .open:
      break
    case .failed(let error):
      throw error
    case .published, .discarded:
      preconditionFailure("\(self.name) is written after its end")
    }
    do {
      try body()
    } catch {
      self.state = .failed(error)
      throw error
    }
  }
}
