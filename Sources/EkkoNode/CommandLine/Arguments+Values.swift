internal import EkkoCore
internal import EkkoRecommender
internal import EkkoReplication
internal import EkkoTransport

/// Reading values: each checks what was given, and a mistake names the flag or the key of the
/// configuration file, the value and what would do instead.
extension Arguments {
  func isPresent(_ flag: Flag) -> Bool { self[flag] != nil }

  func text(_ flag: Flag) -> String? { self[flag]?.words.first }

  /// Of a flag that `checkRequirements` has found.
  func requiredText(_ flag: Flag) -> String {
    guard let text = self.text(flag) else { preconditionFailure("\(flag) was not required") }
    return text
  }

  /// A name that stands between spaces in the output, and travels in a handshake.
  func name(_ flag: Flag) throws(Failure) -> String? {
    guard let text = self.text(flag) else { return nil }
    let isPlain = !text.isEmpty && text == text.printable() && !text.contains(where: \.isWhitespace)
    guard isPlain, text.utf8.count <= LinkIdentity.nameByteLimit else {
      throw self.mistake(
        flag, "'\(text)' is no name",
        "Use 1 to \(LinkIdentity.nameByteLimit) bytes without spaces and control characters")
    }
    return text
  }

  func choice<Value: RawRepresentable & CaseIterable>(
    _ flag: Flag, of type: Value.Type
  ) throws(Failure) -> Value? where Value.RawValue == String {
    guard let text = self.text(flag) else { return nil }
    if let value = Value(rawValue: text) { return value }
    throw self.unknownName(text, flag, among: Value.allCases.map(\.rawValue))
  }

  func roles(_ flag: Flag) throws(Failure) -> RoleSet {
    var roles: RoleSet = []
    for word in self[flag]?.words ?? [] {
      guard let role = RoleSet.startable[word] else {
        throw self.unknownName(word, flag, among: RoleSet.startable.keys.sorted())
      }
      roles.insert(role)
    }
    return roles
  }

  // MARK: Numbers

  func integer<Value: FixedWidthInteger>(
    _ flag: Flag, in range: ClosedRange<Value>
  ) throws(Failure) -> Value? {
    guard let text = self.text(flag) else { return nil }
    return try self.integer(text, flag, in: range)
  }

  private func integer<Value: FixedWidthInteger>(
    _ text: String, _ flag: Flag, in range: ClosedRange<Value>
  ) throws(Failure) -> Value {
    guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Value(text),
      range.contains(value)
    else {
      throw self.mistake(
        flag, "'\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)",
        "Give one, in decimal digits")
    }
    return value
  }

  /// A span of time, in seconds and fractions of them.
  func duration(_ flag: Flag, upTo limit: Int) throws(Failure) -> Duration? {
    guard let text = self.text(flag) else { return nil }
    guard text.allSatisfy({ "0123456789.".contains($0) }), let seconds = Double(text),
      seconds >= 0.001, seconds <= Double(limit)
    else {
      throw self.mistake(
        flag, "'\(text)' is not a number of seconds from 0.001 to \(limit)", "Give one, such as 5")
    }
    return .seconds(seconds)
  }

  // MARK: Addresses

  /// Port 0 stands for any free one.
  func listenEndpoint(_ flag: Flag) throws(Failure) -> Endpoint? {
    guard let text = self.text(flag) else { return nil }
    return try self.endpoint(text, flag)
  }

  /// An address that others are to use: without a port, the one that is listened on (here 0).
  func advertisedEndpoint(_ flag: Flag) throws(Failure) -> Endpoint? {
    guard let text = self.text(flag) else { return nil }
    let hasPort = text.contains(":") && !text.hasSuffix("]")
    guard let endpoint = try? Endpoint(parsing: hasPort ? text : text + ":0"),
      !hasPort || endpoint.port != 0, endpoint.host.utf8.count <= LinkIdentity.nameByteLimit
    else {
      throw self.mistake(
        flag, "'\(text)' is no address", "Write HOST or HOST:PORT, such as 10.0.0.5:7400")
    }
    guard !endpoint.isWildcard else {
      throw self.mistake(
        flag, "nobody can reach a node at '\(text)'", "Give an address of this machine")
    }
    return endpoint
  }

  func endpoints(_ flag: Flag) throws(Failure) -> [Endpoint] {
    var endpoints: [Endpoint] = []
    for word in self[flag]?.words ?? [] {
      for part in word.split(separator: ",", omittingEmptySubsequences: false) {
        let endpoint = try self.endpoint(String(part), flag)
        guard endpoint.port != 0 else {
          throw self.mistake(
            flag, "nobody can listen on port 0 of '\(part)'", "Give the port the node printed")
        }
        if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
      }
    }
    return endpoints
  }

  private func endpoint(_ text: String, _ flag: Flag) throws(Failure) -> Endpoint {
    let why: String
    do throws(Endpoint.ParseError) { return try Endpoint(parsing: text) } catch {
      why =
        switch error {
        case .missingPort: "'\(text)' has no port"
        case .invalidPort: "the port of '\(text)' is not a number from 0 to 65535"
        case .invalidHost: "'\(text)' has no host that can be used"
        }
    }
    throw self.mistake(flag, why, "Write HOST:PORT, such as 127.0.0.1:7400 or [::1]:7400")
  }

  // MARK: Rows

  func rowSelection() throws(Failure) -> RowSelection {
    let texts = self[.text]?.words ?? []
    var keys = texts.map(FeatureHash.key(ofText:))
    for word in self[.key]?.words ?? [] {
      keys.append(try self.integer(word, .key, in: 0...UInt64.max))
    }
    return RowSelection(
      model: self.requiredText(.model), table: self.requiredText(.table), keys: keys, texts: texts)
  }

  /// A list of elements per key; one list stands for all keys.
  func values(forKeyCount count: Int) throws(Failure) -> [[Float]] {
    var lists: [[Float]] = []
    for word in self[.values]?.words ?? [] { lists.append(try self.elements(word)) }
    if lists.count == 1 { return Array(repeating: lists[0], count: count) }
    guard lists.count == count else {
      throw self.mistake(
        .values, "there are \(lists.count) lists of elements for \(count) keys",
        "Give one list for all keys, or one for each")
    }
    return lists
  }

  private func elements(_ word: String) throws(Failure) -> [Float] {
    var elements: [Float] = []
    for part in word.split(separator: ",", omittingEmptySubsequences: false) {
      guard let element = Float(part) else {
        throw self.mistake(.values, "'\(part)' is not a number", "Write numbers as x,y,…")
      }
      guard element.isFinite else {
        throw Failure(
          what: Flag.values.rawValue, why: "'\(part)' is not a finite 32-bit number",
          doThis: "Nothing was written; give finite numbers", exitCode: .badInput)
      }
      elements.append(element)
    }
    return elements
  }

  func durability() throws(Failure) -> Durability {
    guard let text = self.text(.durability), text != "primary" else { return .primary }
    for (prefix, make) in [
      ("replicas=", Durability.replicas), ("data-centers=", Durability.dataCentres),
    ] where text.hasPrefix(prefix) {
      return make(
        try self.integer(String(text.dropFirst(prefix.count)), .durability, in: 1...65_535))
    }
    throw self.unknownName(
      text, .durability, among: ["primary", "replicas=N", "data-centers=N"])
  }

  // MARK: Mistakes

  /// A wrong value of `flag`.
  func mistake(_ flag: Flag, _ why: String, _ doThis: String) -> Failure {
    switch self[flag]?.source ?? .commandLine {
    case .commandLine:
      Failure(what: flag.rawValue, why: why, doThis: doThis, exitCode: .usage)
    case .configuration(let path):
      Failure(
        what: "\(path), key '\(flag.configurationKey)'", why: why, doThis: doThis,
        exitCode: .configuration)
    }
  }

  private func unknownName(_ text: String, _ flag: Flag, among names: [String]) -> Failure {
    let list = names.joined(separator: ", ")
    let hint =
      Spelling.nearest(to: text, among: names).map { "Did you mean \($0)? There is \(list)" }
      ?? "Use one of \(list)"
    return self.mistake(flag, "'\(text)' is unknown", hint)
  }
}
