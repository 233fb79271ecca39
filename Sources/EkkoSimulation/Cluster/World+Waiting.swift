internal import EkkoCore
internal import EkkoReplication

/// Moments that are waited for, and reported as violations if they do not come.
extension World {
  /// Starts every node; the training nodes first, for the shards of a model go to those that are there.
  func form() async {
    for node in self.nodes where node.plan.isTraining { self.start(node) }
    await self.wait(.seconds(20), "the training nodes come together") {
      self.nodes.filter(\.plan.isTraining).allSatisfy { $0.replica?.mayWrite == true }
    }
    for node in self.nodes where !node.plan.isTraining { self.start(node) }
  }

  /// L1: the running nodes become equal.
  ///
  /// - Parameter body: what is done from time to time until they are.
  func converge(within bound: Duration, meanwhile body: () -> Void = {}) async {
    await self.wait(
      bound, "the nodes come together", as: .l1, { self.differences() ?? "" },
      until: {
        body()
        return self.differences() == nil
      })
  }

  /// S2: what is under way arrives, an origin may be retired, and then nothing moves any more.
  ///
  /// - Parameter quietTime: longer than anything is under way.
  func rest(for quietTime: Duration) async {
    var (before, after) = (self.movement(), self.movement())
    for _ in 0..<Self.quietAttempts where self.watch.violation == nil {
      before = after
      await self.sleep(quietTime)
      after = self.movement()
      if before == after { return }
    }
    self.watch.report(Violation(.s2, "it does not come to rest: \(before); then: \(after)"))
  }

  private static let quietAttempts = 16

  func wait(
    _ bound: Duration, _ what: String, as invariant: Invariant = .run,
    _ detail: () -> String = { "" }, until isReached: () -> Bool
  ) async {
    let end = self.simulation.now + bound.wholeNanoseconds
    while !isReached() {
      guard self.simulation.now < end, self.watch.violation == nil else {
        let found = detail()
        self.watch.report(
          Violation(
            invariant, "after \(bound) still not: \(what)" + (found.isEmpty ? "" : "; \(found)")))
        return
      }
      await self.sleep(.milliseconds(50))
    }
  }
}
