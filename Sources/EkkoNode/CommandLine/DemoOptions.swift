package import EkkoRecommender

/// `ekko-node demo`: several data centres on this machine, trained and measured.
package struct DemoOptions: Hashable, Sendable {
  /// A click log and how to read it.
  package struct Input: Hashable, Sendable {
    package var file: String
    package var format: ClickLogFormat

    package init(file: String, format: ClickLogFormat) {
      self.file = file
      self.format = format
    }
  }

  /// `nil` for the synthetic log.
  package var input: Input?
  /// Trains a plain logistic regression on the same rows, to compare with.
  package var baseline = false
  /// Measures the training data centre by itself first.
  package var measureAlone = false
  package var dataCentres = 3
  /// Per data centre.
  package var replicas = 3
  /// One process per node over sockets, instead of one process in all.
  package var processes = false
  package var seed: UInt64 = 1
  /// How long to train; as given, see `effectiveDuration`.
  package var duration: Duration?
  package var headless = false
  package var json = false

  package init() {}

  private static let defaultDuration = Duration.seconds(30)

  /// When a headless demo ends by itself: after `--seconds`, or with a file at its end (`nil`), or
  /// after 30 seconds of the synthetic log.
  package var effectiveDuration: Duration? {
    self.duration ?? (self.input == nil ? Self.defaultDuration : nil)
  }
}
