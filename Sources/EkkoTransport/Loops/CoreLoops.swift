package import EkkoCore

/// The core loops of a process, or some of them, as a placement of actors and tasks: home `i` is
/// loop `i` modulo their number.
///
/// A program that runs several nodes gives each a runtime over a part of its loops.
package struct CoreLoops: ExecutorPlacement {
  private let loops: [CoreLoop]

  private init(_ loops: [CoreLoop]) {
    precondition(!loops.isEmpty, "a placement needs a loop")
    self.loops = loops
  }

  /// Starts `count` loops; the caller stops them.
  package static func start(
    count: Int, method: PollMethod = .usual
  ) throws(SystemError) -> CoreLoops {
    precondition(count > 0, "a placement needs a loop")
    var loops: [CoreLoop] = []
    for index in 0..<count {
      loops.append(try CoreLoop.start(name: "ekko-core-\(index)", method: method))
    }
    return CoreLoops(loops)
  }

  package var count: Int { self.loops.count }

  /// These loops only, counted from zero again.
  package func subset(_ range: Range<Int>) -> CoreLoops { CoreLoops(Array(self.loops[range])) }

  package subscript(home: Home) -> CoreLoop {
    let remainder = home.index % self.loops.count
    return self.loops[remainder < 0 ? remainder + self.loops.count : remainder]
  }

  /// The loop the calling thread is of, or the first.
  var current: CoreLoop { self.loops.first(where: \.isCurrent) ?? self.loops[0] }

  package func serialExecutor(for home: Home) -> any SerialExecutor { self[home] }

  package func taskExecutor(for home: Home) -> (any TaskExecutor)? { self[home] }

  /// Stops every loop; see `CoreLoop.stop()`.
  package func stop() async {
    for loop in self.loops { await loop.stop() }
  }
}

extension Runtime {
  /// The production runtime: these loops, their clock and the system's random numbers.
  package static func live(
    loops: CoreLoops, clock: (any RuntimeClock)? = nil,
    trace: (@Sendable (TraceEvent) -> Void)? = nil
  ) -> Runtime {
    Runtime(
      clock: clock ?? LoopClock(loops: loops), placement: loops,
      seeds: {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
      }, trace: trace)
  }
}
