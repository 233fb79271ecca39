internal import Glibc

/// A file operation that failed for a reason outside this program.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  package let path: String
  package let call: Call
  /// The system's error number.
  package let code: CInt

  package init(path: String, call: Call, code: CInt) {
    self.path = path
    self.call = call
    self.code = code
  }

  /// The step that failed, as it reads in a message.
  package enum Call: String, Hashable, Sendable {
    case create, open, write, sync, rename, read, list, delete, lock
  }

  /// What a caller may act on.
  package enum Reason: Hashable, Sendable {
    case missing, notADirectory, permission, diskFull, invalidName
    /// Another process, or another store of this one, uses the directory.
    case inUse
    case other
  }

  package var reason: Reason {
    switch self.code {
    case ENOENT: .missing
    case ENOTDIR: .notADirectory
    case EACCES, EPERM, EROFS: .permission
    case ENOSPC, EDQUOT, EFBIG: .diskFull
    case EWOULDBLOCK: .inUse
    case ENAMETOOLONG: .invalidName
    case EINVAL where [.create, .open, .delete].contains(self.call): .invalidName
    default: .other
    }
  }

  package var description: String {
    let why =
      switch self.reason {
      case .missing: "there is no such file or directory"
      case .notADirectory:
        // A directory that exists can be created again; only what leads to it is left to blame.
        self.call == .create ? "its parent is not a directory" : "it is not a directory"
      case .permission: "permission was denied"
      case .diskFull: "the disk is full"
      case .invalidName: "the name cannot be used"
      case .inUse: "another process is using it"
      case .other: "system error \(self.code)"
      }
    return "cannot \(self.call.rawValue) \(self.path): \(why)"
  }
}
