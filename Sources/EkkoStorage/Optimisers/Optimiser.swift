/// How a table turns pushed gradients into new weights (DESIGN §4). The primary applies it.
///
/// State per row lives in Float32 slots behind the weights; `RowLayout` places them. For finite
/// gradients, weights and slots within the validated hyper-parameters every result is finite:
/// values that would overflow stop at ±`Float.greatestFiniteMagnitude`.
public enum Optimiser: Hashable, Sendable {
  /// The table takes `put` only.
  case none

  /// w ← w − η·g.
  case sgd(learningRate: Float)

  /// Duchi, Hazan and Singer, JMLR 2011: n ← n + g²; w ← w − η·g / (√n + ε).
  case adagrad(learningRate: Float, initialAccumulator: Float = 0.1, epsilon: Float = 1e-8)

  /// Adagrad with one accumulator per row, the running sum of mean(g²): one slot instead of one
  /// per element.
  case rowWiseAdagrad(learningRate: Float, initialAccumulator: Float = 0.1, epsilon: Float = 1e-8)

  /// Kingma and Ba, ICLR 2015. The bias correction counts the row's own updates, because a sparse
  /// row takes few of the model's steps.
  case adam(
    learningRate: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8)

  /// FTRL-proximal, McMahan et al., KDD 2013, Algorithm 1: per element z and n, from which the
  /// weight follows; l1 makes weights exactly zero.
  case ftrl(alpha: Float = 0.05, beta: Float = 1, l1: Float = 0, l2: Float = 0)

  /// Whether the table takes `push`.
  public var acceptsPush: Bool {
    if case .none = self { false } else { true }
  }

  /// Float32 slots a row of `rowLength` elements needs.
  package func slotFloatCount(rowLength: Int) -> Int {
    switch self {
    case .none, .sgd: 0
    case .rowWiseAdagrad: 1
    case .adagrad: rowLength
    case .adam, .ftrl: 2 * rowLength
    }
  }

  /// Whether `other` differs in hyper-parameters at most, so that stored slots keep their meaning.
  package func isSameKind(as other: Optimiser) -> Bool { self.kind == other.kind }

  /// The number that stands for the optimiser in encoded schemas.
  package enum Kind: UInt8, Sendable, CaseIterable {
    case none = 0
    case sgd = 1
    case adagrad = 2
    case rowWiseAdagrad = 3
    case adam = 4
    case ftrl = 5
  }

  package var kind: Kind {
    switch self {
    case .none: .none
    case .sgd: .sgd
    case .adagrad: .adagrad
    case .rowWiseAdagrad: .rowWiseAdagrad
    case .adam: .adam
    case .ftrl: .ftrl
    }
  }
}
