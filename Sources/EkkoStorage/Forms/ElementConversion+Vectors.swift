internal import CEkko

/// Handing groups of elements to vector instructions.
extension ElementConversion {
  /// Converts whole groups from the first on and answers how many elements it has done.
  typealias Kernel =
    @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int

  static let groupCount = 8

  enum Means {
    case vectors, scalars

    static let best: Means = ekko_forms_are_supported() != 0 ? .vectors : .scalars
  }

  /// Runs `kernel` over `source`, into `target` from `offset` on.
  @inline(__always)
  static func run(
    _ kernel: Kernel, _ count: Int, _ source: RawSpan, _ target: inout MutableRawSpan,
    from offset: Int
  ) -> Int {
    unsafe target.withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBytes { source in
        // SAFETY: both areas hold `count` elements from here on, see `convert`, and the kernel
        // touches no others; with `.vectors` the processor has its instructions.
        unsafe kernel(target.baseAddress.map { unsafe $0 + offset }, source.baseAddress, count)
      }
    }
  }
}

extension ElementConversion.Means {
  /// Rows shorter than this are done before a kernel has been called.
  private static let smallestCount = 32

  /// `kernel` if it is worth its call for `count` elements.
  @inline(__always)
  func kernel(
    _ kernel: ElementConversion.Kernel, _ count: Int
  ) -> ElementConversion.Kernel? {
    guard case .vectors = self, count >= Self.smallestCount else { return nil }
    return unsafe kernel
  }

  /// Raises `largest` to the largest magnitude of the elements it answers the number of.
  @inline(__always)
  func findLargest<Source: WeightElement>(
    _ largest: inout UInt32, _: Source.Type, _ count: Int, _ source: RawSpan
  ) -> Int {
    guard case .vectors = self else { return 0 }
    return unsafe source.withUnsafeBytes {
      // SAFETY: as for `run`.
      unsafe ekko_find_largest(&largest, $0.baseAddress, Source.storage, count)
    }
  }

  /// Makes signed bytes, behind the scale, of the elements it answers the number of.
  @inline(__always)
  func quantise<Source: WeightElement>(
    _: Source.Type, _ count: Int, _ source: RawSpan, _ target: inout MutableRawSpan,
    divisor: Float
  ) -> Int {
    guard case .vectors = self else { return 0 }
    return unsafe target.withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBytes { source in
        // SAFETY: as for `run`; the scale has the first four bytes.
        unsafe ekko_to_int8(
          target.baseAddress.map { unsafe $0 + 4 }, source.baseAddress, Source.storage, count,
          divisor)
      }
    }
  }

  /// Makes numbers of as many of the signed bytes behind the scale as it answers.
  @inline(__always)
  func dequantise(
    _ count: Int, _ source: RawSpan, _ target: inout MutableRawSpan, scale: Float
  ) -> Int {
    guard case .vectors = self else { return 0 }
    return unsafe target.withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBytes { source in
        // SAFETY: as for `run`; the scale has the first four bytes.
        unsafe ekko_int8_to_float32(
          target.baseAddress, source.baseAddress.map { unsafe $0 + 4 }, count, scale)
      }
    }
  }
}
