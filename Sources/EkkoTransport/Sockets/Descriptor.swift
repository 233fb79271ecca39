internal import Glibc

/// A descriptor that lives as long as its owner.
struct Descriptor: ~Copyable {
  let number: CInt

  init(_ number: CInt?) {
    guard let number else { preconditionFailure("a call that makes a descriptor does not wait") }
    self.number = number
  }

  deinit { _ = Glibc.close(self.number) }
}
