import EkkoTransport
import Testing

@testable import EkkoNode

@Suite struct HelpTests {
  @Test(arguments: Verb.allCases)
  func `help leads with examples, and lists every flag of the verb and no other`(
    verb: Verb
  ) throws {
    let words = (verb == .node ? [] : [verb.rawValue]) + ["--help"]
    guard case .help(let text) = try CommandLineParser.parse(words) else {
      Issue.record("no help for \(words)")
      return
    }

    let lines = text.split(separator: "\n")
    #expect(lines.prefix(2).contains("Examples:"))
    #expect(lines.allSatisfy { $0.count <= 100 })
    let listed = Set(lines.compactMap { $0.trimmedFlag })
    #expect(listed == Set(VerbSyntax.of(verb).flags.map(\.flag.rawValue)))
  }

  @Test(arguments: Verb.allCases)
  func `each example in the help is understood as a call of its verb`(verb: Verb) throws {
    let syntax = VerbSyntax.of(verb)

    #expect(!syntax.examples.isEmpty)
    for example in syntax.examples {
      let words = example.command.split(separator: " ").map(String.init)
      #expect(words.first == "ekko-node")
      let command = try CommandLineParser.parse(Array(words.dropFirst()))
      #expect(command.verb == verb, "\(example.command)")
    }
  }

  @Test(arguments: Verb.allCases)
  func `each flag in the help is accepted and changes what is asked for`(verb: Verb) throws {
    let syntax = VerbSyntax.of(verb)
    let base = try #require(Self.least[verb])
    let least = try Self.parse(verb, base)

    for flag in syntax.flags {
      let name = flag.flag.rawValue
      var words = base
      if let place = words.firstIndex(of: name) {
        // What the verb cannot do without: another value, or none, is another command.
        words.removeSubrange(place..<(place + 2))
      }
      if flag.flag == .text { words.removeSubrange(words.firstIndex(of: "--key")!...) }
      words = [name] + (Self.samples[flag.flag].map { [$0] } ?? []) + words
      if flag.flag == .role { words += ["--join", "h:1"] }
      if flag.flag == .data, verb == .demo { words += ["--format", "criteo"] }
      if flag.flag == .format, verb == .demo { words += ["--data", "x"] }
      #expect(try Self.parse(verb, words) != least, "\(verb) \(words)")
    }
  }

  @Test func `asking for help wins over what is missing, and over what else was said`() throws {
    for words in [
      ["get", "--json", "-h"], ["train", "--help"], ["status", "--join", "x", "--help"],
    ] {
      guard case .help = try CommandLineParser.parse(words) else {
        Issue.record("no help for \(words)")
        continue
      }
    }
  }

  private static func parse(_ verb: Verb, _ words: [String]) throws(Failure) -> Command {
    let all = (verb == .node ? [] : [verb.rawValue]) + words
    return try CommandLineParser.parse(all) { _ throws(Failure) in Array("{zone: 'z'}".utf8) }
  }

  private static let rows = ["--join", "h:1", "--model", "m", "--table", "t", "--key", "1"]

  /// The least that each verb can be called with.
  private static let least: [Verb: [String]] = [
    .node: ["--role", "training"], .demo: [],
    .train: ["--join", "h:1", "--model", "m", "--data", "d", "--format", "criteo"],
    .get: rows, .put: ["--values", "1"] + rows, .delete: rows,
    .status: ["--join", "h:1"], .lag: ["--join", "h:1"],
    .remove: ["--join", "h:1", "--node", "n"],
  ]

  /// Values other than those of `least`.
  private static let samples: [Flag: String] = [
    .node: "other",
    .role: "inference", .dataCentre: "x", .zone: "x", .listen: "127.0.0.1:9",
    .advertise: "x", .join: "x:2",
    .data: "x", .secretFile: "x", .configuration: "x", .logFormat: "json",
    .format: "movietweetings", .dataCentres: "2", .replicas: "2", .seed: "2", .seconds: "2",
    .model: "x", .table: "x", .key: "2", .text: "x", .values: "2", .durability: "replicas=2",
    .timeout: "2",
  ]
}

extension Command {
  fileprivate var verb: Verb? {
    switch self {
    case .node: .node
    case .demo: .demo
    case .train: .train
    case .get: .get
    case .put: .put
    case .delete: .delete
    case .status: .status
    case .lag: .lag
    case .remove: .remove
    case .help: nil
    }
  }
}

extension Substring {
  /// The flag that a line of the list of flags is about.
  fileprivate var trimmedFlag: String? {
    guard self.hasPrefix("  --") else { return nil }
    return self.split(separator: " ").first.map(String.init)
  }
}
