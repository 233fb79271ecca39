internal import Glibc

/// The logistic function and the gradient of log-loss behind it.
enum Sigmoid {
  static func probability(ofLogit logit: Float) -> Float { 1 / (1 + exp(-logit)) }

  static func probabilities(ofLogits logits: [Float]) -> [Float] {
    logits.map { Self.probability(ofLogit: $0) }
  }

  /// The derivative of log-loss by the logit.
  static func logitGradients(probabilities: [Float], labels: [Float]) -> [Float] {
    zip(probabilities, labels).map { $0 - $1 }
  }
}
