/// Why a channel could not be made, or is of no more use. All but `cancelled` end the channel.
package enum TransportError: Error, Hashable, Sendable {
  /// Nobody listens at the endpoint.
  case refused
  case unreachable
  case timedOut
  case nameNotFound(String)
  case addressInUse
  /// The address belongs to no interface of this machine.
  case addressUnavailable
  case permissionDenied
  /// Descriptors, memory or look-ups are used up; later it may work.
  case resourcesExhausted
  /// The other side, or the path to it, broke the channel; a suffix of the bytes may be lost.
  case reset
  /// This side closed or aborted it.
  case closed
  /// The waiting task was cancelled: the call did nothing and the channel is as it was.
  case cancelled
  case system(SystemError)
}
