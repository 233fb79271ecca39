/// The click logs that can be read from files.
package enum ClickLogFormat: String, CaseIterable, Hashable, Sendable {
  /// Criteo display advertising: 40 tab-separated fields, label, 13 integers, 26 categories.
  case criteo
  /// MovieTweetings: `user::item::rating::unix_seconds`.
  case movietweetings

  package var layout: ExampleLayout {
    switch self {
    case .criteo: CriteoRow.layout
    case .movietweetings: RatingFeatures.layout
    }
  }

  var explanation: String {
    switch self {
    case .criteo: "Criteo TSV (label 0 or 1, 13 integers and 26 categories, separated by tabs)"
    case .movietweetings: "MovieTweetings (user::item::rating::unix_seconds)"
    }
  }
}

/// What became of one line.
enum RowOutcome: Hashable {
  case accepted
  case ragged(fieldCount: Int)
  case malformed
}
