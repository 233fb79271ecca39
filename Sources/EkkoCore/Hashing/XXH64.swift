/// The XXH64 hash (Yann Collet), seed 0 unless stated: feature text → key, digests (DESIGN §4).
package struct XXH64: Sendable {
  package static func hash(utf8Of text: String) -> UInt64 { 0 }
}
