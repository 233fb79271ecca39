internal import EkkoCore

/// Commands that are sent together, made before anything is measured.
struct RedisBatch: Sendable {
  let bytes: [UInt8]
  let replyCount: Int
  let keyCount: Int

  /// The commands that are compared with ours (DESIGN §13).
  enum Command: String, CaseIterable, Sendable {
    case set = "redis-set"
    case multipleSet = "redis-mset"
    case get = "redis-get"
    case multipleGet = "redis-mget"

    var isRead: Bool { self == .get || self == .multipleGet }
    var keysPerCommand: Int { self == .set || self == .get ? 1 : 10 }
    var pipelineLength: Int { self == .set || self == .get ? 64 : 16 }
    var keysPerBatch: Int { self.keysPerCommand * self.pipelineLength }

    fileprivate var word: String {
      switch self {
      case .set: "SET"
      case .multipleSet: "MSET"
      case .get: "GET"
      case .multipleGet: "MGET"
      }
    }
  }

  /// - Parameter keys: a multiple of the keys of one command.
  init(_ command: Command, _ keys: ArraySlice<UInt64>, value: [UInt8]) {
    var requests = RESPRequests()
    var rest = keys
    while !rest.isEmpty {
      var words = [Array(command.word.utf8)]
      for key in rest.prefix(command.keysPerCommand) {
        words.append(Self.name(of: key))
        if !command.isRead { words.append(value) }
      }
      requests.append(words)
      rest = rest.dropFirst(command.keysPerCommand)
    }
    self.bytes = requests.bytes
    self.replyCount = requests.count
    self.keyCount = keys.count
  }

  /// Takes keys away again.
  init(removing keys: ArraySlice<UInt64>) {
    var requests = RESPRequests()
    requests.append([Array("UNLINK".utf8)] + keys.map(Self.name(of:)))
    self.bytes = requests.bytes
    self.replyCount = 1
    self.keyCount = keys.count
  }

  /// `count` batches of keys at random.
  static func random(
    _ command: Command, count: Int, keyCount: Int, value: [UInt8], seed: UInt64
  ) -> [RedisBatch] {
    var generator = SplitMix64(seed: seed)
    return (0..<count).map { _ in
      let keys = (0..<command.keysPerBatch).map { _ in
        UInt64.random(in: 0..<UInt64(keyCount), using: &generator)
      }
      return RedisBatch(command, keys[...], value: value)
    }
  }

  /// Nobody else's keys are touched.
  static func name(of key: UInt64) -> [UInt8] {
    let digits = String(key)
    return Array("ekko-bench:\(String(repeating: "0", count: max(0, 12 - digits.count)))".utf8)
      + digits.utf8
  }
}
