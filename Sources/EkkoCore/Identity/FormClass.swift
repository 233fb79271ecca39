/// Which form of its rows a replica holds, by its role: training replicas and witnesses the full
/// one, inference replicas the form that each table's rule gives their data centre (DESIGN §4).
package enum FormClass: UInt8, Hashable, Comparable, Sendable {
  case serving = 1
  case full = 2

  package static func < (left: FormClass, right: FormClass) -> Bool {
    left.rawValue < right.rawValue
  }
}
