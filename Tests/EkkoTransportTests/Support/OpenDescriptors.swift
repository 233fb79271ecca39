import Glibc

/// How many descriptors this process holds.
func openDescriptors() -> Int {
  guard let directory = opendir("/proc/self/fd") else { preconditionFailure("no /proc") }
  defer { closedir(directory) }
  var count = 0
  while readdir(directory) != nil { count += 1 }
  return count
}
