internal import EkkoRecommender
internal import FoundationEssentials

/// What a node's `--config FILE.json5` says: the values of flags, as the command line would write
/// them, under the flags' names in snake_case, and what only a file can say.
package struct ConfigurationFile: Sendable {
  /// Longer files are taken for a mistake.
  private static let byteLimit = 1 << 20

  /// By flag, in the order of their names.
  let words: [(Flag, [String])]
  let switches: Switches

  /// What only a file can say: true or false.
  struct Switches: Hashable, Sendable {
    /// Whether a node that founds a cluster makes the default model in it.
    var makesDefaultModel = true
    /// Whether the node leaves when its standard input ends.
    var endsWithInput = false

    static var keys: [String] { Self.places.keys.sorted() }
    static func place(of key: String) -> WritableKeyPath<Self, Bool>? { Self.places[key] }

    private static var places: [String: WritableKeyPath<Self, Bool>] {
      ["default_model": \.makesDefaultModel, "ends_with_input": \.endsWithInput]
    }
  }

  /// A value of the file, of the kinds that some key takes.
  private enum Value: Decodable {
    case text(String)
    case list([String])
    case truth(Bool)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let truth = try? container.decode(Bool.self) {
        self = .truth(truth)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        self = .list(try container.decode([String].self))
      }
    }
  }

  init(parsing bytes: [UInt8], path: String, flags: [FlagSyntax]) throws(Failure) {
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    let values: [String: Value]
    do {
      values = try decoder.decode([String: Value].self, from: Data(bytes))
    } catch {
      throw Self.failure(path, error)
    }
    let known = flags.filter { $0.flag != .configuration }
    var words: [(Flag, [String])] = []
    var switches = Switches()
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      if let place = Switches.place(of: key) {
        guard case .truth(let truth) = value else {
          throw Self.failure(path, key, "it is neither true nor false", "Write true or false")
        }
        switches[keyPath: place] = truth
      } else if let flag = known.first(where: { $0.flag.configurationKey == key })?.flag {
        words.append((flag, try Self.words(value, flag, path)))
      } else {
        let keys = known.map(\.flag.configurationKey) + Switches.keys
        throw Self.failure(
          path, key, "there is no such key",
          Spelling.nearest(to: key, among: keys).map { "Did you mean '\($0)'? Correct the key" }
            ?? "Use one of \(keys.joined(separator: ", "))")
      }
    }
    self.words = words
    self.switches = switches
  }

  private static func words(
    _ value: Value, _ flag: Flag, _ path: String
  ) throws(Failure) -> [String] {
    switch value {
    case .text(let text) where !text.isEmpty: return [text]
    case .list(let texts)
    where [.role, .join].contains(flag) && !texts.isEmpty && !texts.contains(""):
      return texts
    default:
      throw Self.failure(
        path, flag.configurationKey, "its value is not a text that says something",
        "Write it in quotes, as \(flag.rawValue) takes it")
    }
  }

  // MARK: Failures

  private static func failure(
    _ path: String, _ key: String, _ why: String, _ doThis: String
  ) -> Failure {
    Failure(what: "\(path), key '\(key)'", why: why, doThis: doThis, exitCode: .configuration)
  }

  private static func failure(_ path: String, _ error: any Error) -> Failure {
    let place: [any CodingKey] =
      switch error {
      case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
        context.codingPath
      default: []
      }
    if let key = place.first?.stringValue {
      return Self.failure(
        path, key, "its value is of a kind that no key takes",
        "Write a text in quotes, true or false")
    }
    return Failure(
      what: path, why: "it is not an object in JSON5", doThis: "Write { role: \"training\", … }",
      exitCode: .configuration)
  }

  /// The bytes of a configuration file.
  package static func read(path: String) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    do throws(ClickLogError) {
      let source = try FileByteSource(path: path)
      while bytes.count <= Self.byteLimit, let chunk = try source.nextChunk() { bytes += chunk }
    } catch {
      throw Failure(error, file: path)
    }
    guard bytes.count <= Self.byteLimit else {
      throw Failure(
        what: path, why: "it is longer than \(Self.byteLimit) bytes",
        doThis: "Name a configuration file", exitCode: .configuration)
    }
    return bytes
  }
}
