/// Named files that appear whole or not at all: what snapshots are kept in (Ekko §4.5).
///
/// A file is written under a hidden name and becomes visible by `FileWriter.publish()`, in one step
/// and durably. After a crash at any moment a name shows what it showed before or the whole new
/// content. Names are flat and must pass `FileName.isValid`.
///
/// `POSIXFileStore` keeps a directory; a simulation passes a disk that can lose what was not
/// published, fill up or fail.
package protocol FileStore: Sendable {
  /// The published names, ascending.
  func names() async throws(FileError) -> [String]

  /// Begins a new file. An earlier one of that name stays until the new one is published.
  func create(_ name: String) async throws(FileError) -> any FileWriter

  /// Opens a published file. The reader keeps its content even if the name is replaced or deleted.
  func open(_ name: String) async throws(FileError) -> any FileReader

  /// Deletes a published file, durably; `FileError.Reason.missing` if there is none.
  func delete(_ name: String) async throws(FileError)

  /// Deletes what writers left behind that never published, in this life or an earlier one.
  /// Not to be called while a writer is in use.
  func deleteUnpublished() async throws(FileError)
}

/// A file being written, by one task at a time.
///
/// After the first error every call but `discard` throws that error again: bytes may be missing in
/// the middle, and a failed sync cannot be repeated with any meaning.
package protocol FileWriter: Sendable {
  /// Appends all bytes; returns when the system has taken them.
  func append(_ bytes: [UInt8]) async throws(FileError)

  /// Makes the content durable, then visible under its name, then the name durable. The last call.
  func publish() async throws(FileError)

  /// Gives the file up and deletes what was written. Does nothing after `publish`.
  func discard() async
}

/// A published file being read from its beginning, by one task at a time. Dropping it closes it.
package protocol FileReader: Sendable {
  /// The size of the file.
  nonisolated var byteCount: Int { get }

  /// The next bytes: as many as asked for unless the file ends before, none at its end.
  func read(upTo byteCount: Int) async throws(FileError) -> [UInt8]
}

/// Which names a `FileStore` accepts.
package enum FileName {
  /// Ends the hidden names of files that are not published.
  package static let unpublishedSuffix = ".partial"

  /// 1…200 bytes, no slash and no zero byte, no dot in front, not ending like a hidden name.
  package static func isValid(_ name: String) -> Bool {
    let bytes = name.utf8
    return 1...200 ~= bytes.count && bytes.first != UInt8(ascii: ".")
      && !bytes.contains(UInt8(ascii: "/")) && !bytes.contains(0)
      && !name.hasSuffix(Self.unpublishedSuffix)
  }
}
