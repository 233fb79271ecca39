internal import Dispatch
internal import EkkoCore
package import EkkoStorage

/// A serial executor for actors whose methods block on a disk.
///
/// Its queue runs on a thread of Dispatch's own, never on a core loop and never on the cooperative
/// pool, so that a slow disk delays nothing but files. Jobs run one at a time, in order.
private final class BlockingExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "ekko.files")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    self.queue.async {
      unsafe job.runSynchronously(on: self.asUnownedSerialExecutor())
    }
  }
}

extension POSIXFileStore {
  /// Opens the directory as `init(directory:on:)` does, for a store with a thread of its own.
  package init(directory: String) throws(FileError) {
    try self.init(directory: directory, on: ActorExecutor(BlockingExecutor()))
  }
}
