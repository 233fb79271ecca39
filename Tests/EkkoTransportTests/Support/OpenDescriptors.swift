import Glibc

/// How many descriptors this process holds of the kinds that a transport makes.
func openDescriptors() -> Int {
  guard let directory = opendir("/proc/self/fd") else { preconditionFailure("no /proc") }
  defer { closedir(directory) }
  var count = 0
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    var target = [CChar](repeating: 0, count: 64)
    let length = readlink("/proc/self/fd/\(name)", &target, target.count)
    guard length > 0 else { continue }
    let text = String(decoding: target.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if text.hasPrefix("socket:") || text.hasPrefix("anon_inode:") { count += 1 }
  }
  return count
}
