import EkkoStorage
import Glibc
import Testing

/// What error numbers mean to callers and to people.
@Suite struct FileErrorTests {
  @Test(arguments: [
    (ENOENT, FileError.Reason.missing, "there is no such file or directory"),
    (ENOTDIR, .notADirectory, "it is not a directory"),
    (EACCES, .permission, "permission was denied"), (EROFS, .permission, "permission was denied"),
    (ENOSPC, .diskFull, "the disk is full"), (EDQUOT, .diskFull, "the disk is full"),
    (EWOULDBLOCK, .inUse, "another process is using it"),
    (ENAMETOOLONG, .invalidName, "the name cannot be used"), (EIO, .other, "system error 5"),
    (EINVAL, .other, "system error 22"),
  ])
  func `a number has a reason and a sentence`(
    code: CInt, reason: FileError.Reason, sentence: String
  ) {
    let error = FileError(path: "/data/a", call: .write, code: code)

    #expect(error.reason == reason)
    #expect(error.description == "cannot write /data/a: \(sentence)")
  }

  @Test func `an invalid argument is about the name where there is one`() {
    #expect(FileError(path: "a", call: .open, code: EINVAL).reason == .invalidName)
    #expect(FileError(path: "a", call: .sync, code: EINVAL).reason == .other)
  }
}
