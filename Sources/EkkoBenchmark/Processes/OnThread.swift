internal import EkkoCore
internal import Foundation

/// Tells work on a thread of its own that its task was cancelled.
final class StopFlag: Sendable {
  private let raised = Guarded(false)

  func raise() { self.raised.withLock { $0 = true } }

  var isRaised: Bool { self.raised.withLock(\.self) }
}

/// Runs `body` on a thread of its own: what waits must not do so on a thread of the pool.
func onThread<Value: Sendable>(
  _ body: @escaping @Sendable (StopFlag) throws -> Value
) async throws -> Value {
  let flag = StopFlag()
  return try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread { continuation.resume(with: Result { try body(flag) }) }
      thread.start()
    }
  } onCancel: {
    flag.raise()
  }
}
