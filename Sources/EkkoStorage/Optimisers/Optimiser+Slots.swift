internal import CEkko

extension Optimiser {
  /// The slots of a row that has never been pushed to and has these weights.
  package func initialiseSlots(_ slots: inout MutableSpan<Float>, weights: Span<Float>) {
    precondition(
      slots.count == self.slotFloatCount(rowLength: weights.count), "slots of another optimiser")
    switch self {
    case .none, .sgd:
      break
    case .adagrad(_, let initialAccumulator, _), .rowWiseAdagrad(_, let initialAccumulator, _):
      slots.update(repeating: initialAccumulator)
    case .adam:
      slots.update(repeating: 0)
    case .ftrl:
      slots.update(repeating: 0)
      self.alignSlots(&slots, with: weights)
    }
  }

  /// Makes the slots agree with weights that did not come from a push: after an initialiser or a
  /// `put`. What the slots say about past gradients stays.
  ///
  /// Only FTRL-proximal needs it: there the next weight follows from z and n alone, so without this
  /// the first push would forget the initial weights, and one after a `put` would undo the `put`.
  package func alignSlots(_ slots: inout MutableSpan<Float>, with weights: Span<Float>) {
    guard case .ftrl(let alpha, let beta, let l1, let l2) = self else { return }
    let count = weights.count
    precondition(slots.count == 2 * count, "slots of another optimiser")
    for index in weights.indices {
      // Solves w = −(z − sign(z)·l1) / ((β + √n) / α + l2) for z, whose sign is opposite to w's.
      let root = ekko_square_root(slots[count + index])
      let weight = weights[index]
      let threshold = weight == 0 ? 0 : weight > 0 ? l1 : -l1
      slots[index] = (-(weight * ((beta + root) / alpha + l2)) - threshold).bounded()
    }
  }
}
