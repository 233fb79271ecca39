internal import Glibc

/// Catches tasks that have lost their process's executor (`Task {}`, `Task.detached`) when they are
/// enqueued on a simulation's thread, and hands them to that simulation, which counts them.
///
/// The runtime exports the hook as a variable; other threads pass through it unchanged.
enum StrayHook {
  private typealias Original = @convention(thin) (UnownedJob) -> Void
  private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

  private static let installation: Void = {
    guard let slot = unsafe dlsym(dlopen(nil, RTLD_NOW), "swift_task_enqueueGlobal_hook") else {
      preconditionFailure("the runtime has no hook for enqueued tasks")
    }
    // SAFETY: the runtime's variable of this name holds a function of this type, or null, and is read
    // at each enqueue.
    unsafe slot.assumingMemoryBound(to: Hook?.self).pointee = { job, original in
      if let simulation = Simulation.current {
        simulation.addStray(job)
      } else {
        original(job)
      }
    }
  }()

  static func install() { _ = self.installation }
}

extension Simulation {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let status = unsafe pthread_key_create(&key, nil)
    precondition(status == 0, "no thread-specific key: \(status)")
    return key
  }()

  /// The simulation whose `run` the calling thread is in.
  static var current: Simulation? {
    get {
      // SAFETY: `run` keeps the object alive for as long as the pointer is set.
      guard let pointer = unsafe pthread_getspecific(Self.key) else { return nil }
      return unsafe Unmanaged<Simulation>.fromOpaque(pointer).takeUnretainedValue()
    }
    set {
      let pointer = unsafe newValue.map { unsafe Unmanaged.passUnretained($0).toOpaque() }
      _ = unsafe pthread_setspecific(Self.key, pointer)
    }
  }
}
