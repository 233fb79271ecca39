extension MutableRawSpan {
  /// Copies all of `source` over the first bytes; traps if they are fewer.
  mutating func replacePrefix(with source: RawSpan) {
    precondition(
      source.byteCount <= self.byteCount, "\(source.byteCount) bytes into \(self.byteCount)")
    // SAFETY: the precondition has checked that the target holds the source's bytes; the pointers
    // are used inside the closures only.
    unsafe self.withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBytes { source in
        unsafe target.copyMemory(from: source)
      }
    }
  }
}
