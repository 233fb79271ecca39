/// What one invocation of `ekko-node` asks for (DESIGN §12), with every value checked.
package enum Command: Hashable, Sendable {
  case node(NodeOptions)
  case demo(DemoOptions)
  case train(TrainOptions)
  case get(GetOptions)
  case put(PutOptions)
  case delete(DeleteOptions)
  case status(StatusOptions)
  case lag(LagOptions)
  case remove(RemoveOptions)
  /// The text to print on stdout.
  case help(String)
}
