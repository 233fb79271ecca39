internal import EkkoCore

/// Whether a `push` to a key without a row makes one, so that keys seen once cost no memory.
///
/// Only `push` is subject to it: a `put` says that the key is wanted. The probabilistic rule is the
/// Poisson inclusion of McMahan et al. (KDD 2013, §4.1): it needs no state beside the row itself,
/// and a key seen n times is present with probability 1 − (1 − p)ⁿ.
public enum AdmissionRule: Hashable, Sendable {
  case always
  /// Each push to an absent key creates its row with this probability, in (0, 1].
  case probability(Float)

  /// The decision for one push: a pure function of its arguments, so that a run can be replayed.
  ///
  /// - Parameter attempt: differs between two pushes to one key (the time of the version that the
  ///   push would get).
  package func admits(key: UInt64, seed: UInt64, attempt: UInt64) -> Bool {
    switch self {
    case .always:
      return true
    case .probability(let probability):
      let drawn = SplitMix64.mix(SplitMix64.mix(key ^ SplitMix64.mix(seed)) ^ attempt)
      // 24 bits are exactly representable, so the comparison is the same on every machine.
      return Float(drawn >> 40) * 0x1p-24 < probability
    }
  }
}
