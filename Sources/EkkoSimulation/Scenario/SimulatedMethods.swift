package import EkkoReplication

extension SynchronisationMethods {
  /// Simulated links tell nothing of the way, by which answers are cut over sockets: here they are cut
  /// as over a connection that is new.
  package static var simulated: SynchronisationMethods {
    var methods = SynchronisationMethods()
    methods.answerByteLimit = 64 << 10 - 64
    return methods
  }
}
