internal import CEkko
internal import EkkoCore
internal import Glibc

/// Runs work on threads of its own, each with a stack that a whole simulated cluster fits on.
///
/// A simulation keeps its thread busy from beginning to end, so it must not run on the cooperative
/// pool.
package enum Workers {
  private static let stackByteCount = 8 << 20

  /// What `body` makes of each input, in the inputs' order; blocks until all are done.
  package static func map<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], threads: Int, _ body: @escaping @Sendable (Input) -> Output
  ) -> [Output] {
    let state = Guarded((next: 0, outputs: [Output?](repeating: nil, count: inputs.count)))
    Self.run(threads: min(threads, inputs.count)) {
      while true {
        let place = state.withLock { state in
          defer { state.next += 1 }
          return state.next
        }
        guard place < inputs.count else { return }
        let output = body(inputs[place])
        state.withLock { $0.outputs[place] = output }
      }
    }
    return state.withLock { $0.outputs.compactMap(\.self) }
  }

  /// Runs `body` on each of so many threads, and joins them.
  private static func run(threads: Int, _ body: () -> Void) {
    withoutActuallyEscaping(body) { body in
      let work = Work(body: body)
      let handles = (0..<threads).map { _ in Self.start(work) }
      for handle in handles {
        let code = pthread_join(handle, nil)
        precondition(code == 0, "a worker cannot be joined: \(code)")
      }
    }
  }

  // SAFETY (Sendable): the body is called by several threads at a time and shares
  // what it captures through a lock; `run` outlives every call.
  private final class Work: @unchecked Sendable {
    let body: () -> Void
    init(body: @escaping () -> Void) { self.body = body }
  }

  private static func start(_ work: Work) -> pthread_t {
    var attributes = pthread_attr_t()
    // SAFETY: the attributes are a local, set up here and destroyed once the thread has begun.
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, Self.stackByteCount)
    // SAFETY: the thread takes over this reference and releases it as it ends.
    let context = unsafe Unmanaged.passRetained(work).toOpaque()
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, &attributes,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, context)
    precondition(code == 0, "no thread for a worker: \(code)")
    return thread
  }
}
