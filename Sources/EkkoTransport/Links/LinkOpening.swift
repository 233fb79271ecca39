internal import EkkoCore

/// What a handshake has established about a link.
package struct LinkOpening: Hashable, Sendable {
  package let remote: LinkIdentity
  /// Ours, or the other side's if ours was not known; unknown if neither was.
  package let cluster: ClusterID
  package let wireVersion: UInt8
  /// What both sides are able to do.
  package let features: UInt64
  /// The other side's wall time minus ours, give or take the uncertainty (half a round trip).
  package let wallClockOffset: Duration
  package let wallClockUncertainty: Duration
  /// Whether both sides have proved that they hold the secret.
  package let isAuthenticated: Bool
}

/// Why a link could not be opened, or is of no more use.
package enum LinkError: Error, Hashable, Sendable {
  case transport(TransportError)
  /// The bytes received were no frames; a frame could not be sent (`tooLarge`: the link lives on).
  case frame(FrameError)
  /// This side refused the other.
  case refused(HandshakeRefusal)
  /// The other side refused this one.
  case refusedByPeer(HandshakeRefusal)
  case handshakeTimedOut
}

/// The limits of a link.
package struct LinkLimits: Hashable, Sendable {
  package var frames = FrameLimits()
  package var handshakeTimeout = Duration.seconds(5)

  package init() {}
}
