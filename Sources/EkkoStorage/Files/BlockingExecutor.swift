internal import Dispatch

/// A serial executor for actors whose methods block on a disk.
///
/// Its queue runs on a thread of Dispatch's own, never on a core loop and never on the cooperative
/// pool, so that a slow disk delays nothing but files. Jobs run one at a time, in order.
///
/// Not handed in with the `Runtime`, for it is no part of what a simulation replaces: it belongs to
/// `POSIXFileStore`, as the descriptors do, and who hands in another `FileStore` has no such thread. It
/// starts no task, reads no time and draws nothing.
final class BlockingExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "ekko.files")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    self.queue.async {
      unsafe job.runSynchronously(on: self.asUnownedSerialExecutor())
    }
  }
}
