import EkkoStorage

/// Files in memory, with a fault after a chosen number of calls: the first call is number one.
actor MemoryFileStore: FileStore {
  private(set) var files: [String: [UInt8]] = [:]
  private(set) var unpublished = 0
  private(set) var calls = 0
  private var failingCall: Int?

  init(failingAtCall call: Int? = nil) { self.failingCall = call }

  func failAtCall(_ call: Int?) {
    self.calls = 0
    self.failingCall = call
  }

  func set(_ bytes: [UInt8], of name: String) { self.files[name] = bytes }

  private func count(_ name: String, _ call: FileError.Call) throws(FileError) {
    self.calls += 1
    if self.calls == self.failingCall { throw FileError(path: name, call: call, code: 28) }
  }

  func names() throws(FileError) -> [String] { self.files.keys.sorted() }

  func create(_ name: String) throws(FileError) -> any FileWriter {
    try self.count(name, .create)
    self.unpublished += 1
    return Writer(store: self, name: name)
  }

  func open(_ name: String) throws(FileError) -> any FileReader {
    try self.count(name, .open)
    guard let bytes = self.files[name] else {
      throw FileError(path: name, call: .open, code: 2)
    }
    return Reader(store: self, name: name, bytes: bytes)
  }

  func delete(_ name: String) throws(FileError) { self.files[name] = nil }

  func deleteUnpublished() throws(FileError) { self.unpublished = 0 }

  private func take(_ bytes: [UInt8], as name: String) throws(FileError) {
    try self.count(name, .sync)
    self.files[name] = bytes
    self.unpublished -= 1
  }

  private func discard() { self.unpublished -= 1 }

  private actor Writer: FileWriter {
    private let store: MemoryFileStore
    private let name: String
    private var bytes: [UInt8] = []

    init(store: MemoryFileStore, name: String) {
      self.store = store
      self.name = name
    }

    func append(_ bytes: [UInt8]) async throws(FileError) {
      try await self.store.count(self.name, .write)
      self.bytes += bytes
    }

    func publish() async throws(FileError) {
      try await self.store.take(self.bytes, as: self.name)
    }

    func discard() async { await self.store.discard() }
  }

  private actor Reader: FileReader {
    nonisolated let byteCount: Int
    private let store: MemoryFileStore
    private let name: String
    private var rest: ArraySlice<UInt8>

    init(store: MemoryFileStore, name: String, bytes: [UInt8]) {
      self.store = store
      self.name = name
      self.rest = bytes[...]
      self.byteCount = bytes.count
    }

    func read(upTo byteCount: Int) async throws(FileError) -> [UInt8] {
      try await self.store.count(self.name, .read)
      defer { self.rest = self.rest.dropFirst(byteCount) }
      return Array(self.rest.prefix(byteCount))
    }
  }
}
