import Dispatch
import EkkoCore
import EkkoStorage

/// A thread for one store's calls.
private final class FileThread: SerialExecutor {
  private let queue = DispatchQueue(label: "ekko.tests.files")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    self.queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}

extension POSIXFileStore {
  init(directory: String) throws(FileError) {
    try self.init(directory: directory, on: ActorExecutor(FileThread()))
  }
}
