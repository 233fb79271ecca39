public import CEkko
public import Synchronization

/// State behind a lock, for what has to be synchronous and cannot be an actor's.
///
/// A `Mutex` that the thread sanitizer understands: the standard library waits inside its own code,
/// which is not instrumented, so that a contended `Mutex` is reported as a race where there is none.
@usableFromInline
package struct Guarded<Value: ~Copyable>: ~Copyable, Sendable {
  @usableFromInline let mutex: Mutex<Value>

  @inlinable
  package init(_ value: consuming sending Value) { self.mutex = Mutex(value) }

  @inlinable @inline(__always)
  package borrowing func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    // SAFETY: the address names the lock to the sanitizer and is never followed.
    let name = unsafe withUnsafePointer(to: self.mutex) { unsafe UnsafeRawPointer($0) }
    return try self.mutex.withLock { value throws(Failure) -> sending Result in
      unsafe ekko_lock_acquired(name)
      defer { unsafe ekko_lock_releasing(name) }
      return try body(&value)
    }
  }
}
