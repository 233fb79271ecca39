/// A network of two hidden layers with rectifiers and one output, over one flat parameter array.
///
/// Order of the parameters: for each hidden layer its weights (row-major, one row per input) and
/// its biases; then the weights of the output, which has no bias (the wide part has one). The
/// array holds numbers of one scale, drawn from −1 … 1 by the table's initialiser; each layer
/// multiplies them by its own factor, √(6 ÷ inputs), which gives He initialisation and a step
/// size in proportion.
struct DenseNetwork: Hashable, Sendable {
  /// Everything the backward pass needs to see again.
  struct Activations {
    let inputs: Matrix
    let hidden1: Matrix
    let hidden2: Matrix
    let weights2: Matrix
    let weights1: Matrix
    let outputWeights: [Float]
    let logits: [Float]
  }

  let inputCount: Int
  let hiddenCount1: Int
  let hiddenCount2: Int

  private var weight1Range: Range<Int> { 0..<(self.inputCount * self.hiddenCount1) }
  private var bias1Range: Range<Int> {
    self.weight1Range.upperBound..<(self.weight1Range.upperBound + self.hiddenCount1)
  }
  private var weight2Range: Range<Int> {
    let start = self.bias1Range.upperBound
    return start..<(start + self.hiddenCount1 * self.hiddenCount2)
  }
  private var bias2Range: Range<Int> {
    self.weight2Range.upperBound..<(self.weight2Range.upperBound + self.hiddenCount2)
  }
  private var outputRange: Range<Int> {
    self.bias2Range.upperBound..<(self.bias2Range.upperBound + self.hiddenCount2)
  }

  var parameterCount: Int { self.outputRange.upperBound }

  private var scale1: Float { (6 / Float(self.inputCount)).squareRoot() }
  private var scale2: Float { (6 / Float(self.hiddenCount1)).squareRoot() }
  private var outputScale: Float { (3 / Float(self.hiddenCount2)).squareRoot() }

  /// One logit per row of `inputs`. `parameters` may be longer than needed (padding).
  func forward(_ inputs: Matrix, parameters: ArraySlice<Float>) -> Activations {
    precondition(inputs.columnCount == self.inputCount, "inputs of another network")
    precondition(
      parameters.startIndex == 0 && parameters.count >= self.parameterCount, "too few parameters")
    let weights1 = Matrix(
      rowCount: self.inputCount, columnCount: self.hiddenCount1,
      values: parameters[self.weight1Range].map { $0 * self.scale1 })
    let weights2 = Matrix(
      rowCount: self.hiddenCount1, columnCount: self.hiddenCount2,
      values: parameters[self.weight2Range].map { $0 * self.scale2 })
    let output = parameters[self.outputRange].map { $0 * self.outputScale }
    let hidden1 = Self.layer(
      inputs, weights1, bias: parameters[self.bias1Range].map { $0 * self.scale1 })
    let hidden2 = Self.layer(
      hidden1, weights2, bias: parameters[self.bias2Range].map { $0 * self.scale2 })
    let logits = hidden2.multiplied(
      by: Matrix(rowCount: self.hiddenCount2, columnCount: 1, values: output))
    return Activations(
      inputs: inputs, hidden1: hidden1, hidden2: hidden2, weights2: weights2, weights1: weights1,
      outputWeights: output, logits: logits.values)
  }

  private static func layer(_ inputs: Matrix, _ weights: Matrix, bias: [Float]) -> Matrix {
    var sums = inputs.multiplied(by: weights)
    sums.addToRows(bias[...])
    for index in sums.values.indices { sums.values[index] = max(sums.values[index], 0) }
    return sums
  }

  /// The gradients of parameters (in their order, without padding) and of inputs, given those of
  /// the logits.
  func backward(
    _ activations: Activations, logitGradients: [Float]
  ) -> (parameters: [Float], inputs: Matrix) {
    let gradients = Matrix(
      rowCount: logitGradients.count, columnCount: 1, values: logitGradients)
    let output = activations.hidden2.transposedMultiplied(by: gradients)
    let toHidden2 = gradients.multiplied(
      by: Matrix(
        rowCount: 1, columnCount: self.hiddenCount2, values: activations.outputWeights))
    let hidden2 = Self.gated(toHidden2, by: activations.hidden2)
    let hidden1 = Self.gated(
      hidden2.multiplied(by: activations.weights2.transposed), by: activations.hidden1)
    let inputs = hidden1.multiplied(by: activations.weights1.transposed)

    var parameters: [Float] = []
    parameters.reserveCapacity(self.parameterCount)
    let weights1 = activations.inputs.transposedMultiplied(by: hidden1)
    let weights2 = activations.hidden1.transposedMultiplied(by: hidden2)
    for value in weights1.values { parameters.append(value * self.scale1) }
    for value in hidden1.rowSum() { parameters.append(value * self.scale1) }
    for value in weights2.values { parameters.append(value * self.scale2) }
    for value in hidden2.rowSum() { parameters.append(value * self.scale2) }
    for value in output.values { parameters.append(value * self.outputScale) }
    return (parameters, inputs)
  }

  /// Gradients pass a rectifier where it was open.
  private static func gated(_ gradients: Matrix, by activations: Matrix) -> Matrix {
    var result = gradients
    for index in result.values.indices where activations.values[index] <= 0 {
      result.values[index] = 0
    }
    return result
  }
}
