internal import EkkoCore
internal import EkkoReplication
package import EkkoStorage

/// Taking up what an earlier life of a node has left in its files.
extension NodeConfiguration {
  /// Makes the configuration that of the node whose files these are; of no node yet, its own from now
  /// on. Every snapshot is looked at before anything is served: a damaged one must not go unnoticed.
  package mutating func takeUp(_ files: any FileStore) async throws(UnusableFiles) {
    let record: NodeRecord?
    do throws(FileError) { try await files.deleteUnpublished() } catch { throw .file(error) }
    do throws(NodeRecord.ReadError) { record = try await NodeRecord.read(from: files) } catch {
      switch error {
      case .file(let error): throw .file(error)
      case .damaged(let name): throw .damagedRecord(name)
      case .missing(let name): throw .missingRecord(name)
      }
    }
    if let record {
      guard record.form == self.form else { throw .otherForm(owner: record.name) }
      self.name = record.name
      self.cluster = record.cluster
    }
    try await Self.checkSnapshots(in: files)
    self.files = files
  }

  private static func checkSnapshots(in files: any FileStore) async throws(UnusableFiles) {
    let names: [String]
    do throws(FileError) { names = try await files.names() } catch { throw .file(error) }
    for name in names where name.hasSuffix(ShardSnapshot.nameSuffix) {
      let reader: any FileReader
      do throws(FileError) { reader = try await files.open(name) } catch { throw .file(error) }
      do throws(SnapshotError) { _ = try await ShardSnapshot.verify(reader) } catch {
        throw UnusableFiles(snapshot: name, error)
      }
    }
  }
}

/// Why a node cannot start with the files it was given. Nothing in them was changed.
package enum UnusableFiles: Error, Hashable, Sendable {
  case file(FileError)
  /// The file that says whose the shards are is not what a node wrote.
  case damagedRecord(String)
  /// There are shards, but nothing says whose. A new name would make another member of the node, and
  /// its rows those of a stranger.
  case missingRecord(String)
  /// They belong to a node of another role.
  case otherForm(owner: String)
  case damagedSnapshot(String, SnapshotError)
  /// They are those of a node that has founded a cluster, but for the catalogue of that.
  case noCatalogue(String, SnapshotError)

  /// - Parameter name: of a file that is there.
  init(snapshot name: String, _ error: SnapshotError) {
    self =
      switch error {
      case .file(let trouble): .file(trouble)
      default: .damagedSnapshot(name, error)
      }
  }
}
