internal import CEkko

/// Turns the elements of a row from one value type into another, without allocation.
///
/// Whole groups of eight and more go through vector instructions where the processor has them, the
/// rest through scalar code, which says what is right: both give the same bits.
///
/// Source and target are whole element areas: prefix, elements and, in the target, padding, which
/// is zeroed. Neither needs to be aligned, because rows also lie inside frames.
enum ElementConversion {
  /// - Precondition: both types are numeric, and at least one is Float32, or both are the same, or
  ///   the target is int8; the areas hold `count` elements.
  static func convert(
    count: Int, from source: RawSpan, _ sourceType: ValueType,
    into target: inout MutableRawSpan, _ targetType: ValueType, by means: Means = .best
  ) {
    // The bounds proof for every load and store below: element i < count of a type lies at
    // prefix + i·size, and prefix + count·size ≤ byteCount holds for both areas.
    precondition(
      count >= 0
        && sourceType.prefixByteCount + count * sourceType.elementByteCount <= source.byteCount
        && targetType.paddedByteCount(rowLength: count) <= target.byteCount,
      "element areas too small for \(count) elements")
    let end = targetType.prefixByteCount + count * targetType.elementByteCount
    for padding in end..<target.byteCount {
      target.storeBytes(of: 0, toByteOffset: padding, as: UInt8.self)
    }
    switch (sourceType, targetType) {
    case (.float32, .float32): Self.copy(source, into: &target, byteCount: end)
    case (.float16, .float16): Self.copy(source, into: &target, byteCount: end)
    case (.bfloat16, .bfloat16): Self.copy(source, into: &target, byteCount: end)
    case (.int8, .int8): Self.copy(source, into: &target, byteCount: end)
    case (.float32, .float16):
      unsafe Self.map(
        count, source, Float32Element.self, &target, Float16Element.self,
        means.kernel(ekko_float32_to_float16, count))
    case (.float32, .bfloat16):
      unsafe Self.map(
        count, source, Float32Element.self, &target, BFloat16Element.self,
        means.kernel(ekko_float32_to_bfloat16, count))
    case (.float16, .float32):
      unsafe Self.map(
        count, source, Float16Element.self, &target, Float32Element.self,
        means.kernel(ekko_float16_to_float32, count))
    case (.bfloat16, .float32):
      unsafe Self.map(
        count, source, BFloat16Element.self, &target, Float32Element.self,
        means.kernel(ekko_bfloat16_to_float32, count))
    case (.float32, .int8): Self.quantise(count, source, Float32Element.self, &target, means)
    case (.float16, .int8): Self.quantise(count, source, Float16Element.self, &target, means)
    case (.bfloat16, .int8): Self.quantise(count, source, BFloat16Element.self, &target, means)
    case (.int8, .float32): Self.dequantise(count, source, &target, means)
    case (.int8, .float16), (.int8, .bfloat16), (.float16, .bfloat16), (.bfloat16, .float16),
      (.bytes, _), (_, .bytes):
      preconditionFailure("no row is converted from \(sourceType) to \(targetType)")
    }
  }

  private static func copy(_ source: RawSpan, into target: inout MutableRawSpan, byteCount: Int) {
    target.replacePrefix(with: source.extracting(first: byteCount))
  }

  @inline(__always)
  private static func load<Element: WeightElement>(
    _ element: Element.Type, _ index: Int, from source: RawSpan
  ) -> Float {
    // SAFETY: index < count, see `convert`; every bit pattern is a value of `Stored`.
    let offset = index &* Element.byteCount
    return unsafe Element.decode(
      source.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: Element.Stored.self))
  }

  @inline(__always)
  private static func map<Source: WeightElement, Target: WeightElement>(
    _ count: Int, _ source: RawSpan, _: Source.Type, _ target: inout MutableRawSpan,
    _: Target.Type, _ kernel: Kernel?
  ) {
    var done = 0
    while done < count {
      var end = count
      if let kernel = unsafe kernel {
        done += unsafe Self.run(
          kernel, count - done, source.extracting(droppingFirst: done &* Source.byteCount),
          &target, from: done &* Target.byteCount)
        // A group that the kernel leaves alone, or less than one.
        end = min(count, done + Self.groupCount)
      }
      for index in done..<end {
        let value = Self.load(Source.self, index, from: source)
        // SAFETY: index < count, see `convert`.
        unsafe target.storeBytes(
          of: Target.encode(value), toUncheckedByteOffset: index &* Target.byteCount,
          as: Target.Stored.self)
      }
      done = end
    }
  }
}

extension ElementConversion {
  /// Adding this rounds numbers up to 2²² to whole ones, ties to even, and leaves the whole number
  /// in the lowest bits: 1.5 · 2²³.
  private static let roundingShift: Float = 12_582_912

  /// Symmetric: scale = max|w| / 127, q = round(w / scale). A row of zeros, or of numbers too small
  /// to have a scale, has scale 0.
  @inline(__always)
  private static func quantise<Source: WeightElement>(
    _ count: Int, _ source: RawSpan, _: Source.Type, _ target: inout MutableRawSpan,
    _ means: Means
  ) {
    // The bits of numbers that are not negative are ordered like the numbers.
    var largest: UInt32 = 0
    let found = means.findLargest(&largest, Source.self, count, source)
    for index in found..<count {
      let value = Self.load(Source.self, index, from: source).bounded()
      largest = max(largest, value.bitPattern & 0x7FFF_FFFF)
    }
    let scale = Float(bitPattern: largest) / 127
    target.storeBytes(of: scale.bitPattern.littleEndian, toByteOffset: 0, as: UInt32.self)
    let divisor = scale == 0 ? .infinity : scale
    let done = means.quantise(Source.self, count, source, &target, divisor: divisor)
    for index in done..<count {
      let value = Self.load(Source.self, index, from: source).bounded()
      let shifted = (value / divisor).bounded(by: 127) + Self.roundingShift
      // SAFETY: 4 + index < 4 + count, see `convert`.
      unsafe target.storeBytes(
        of: UInt8(truncatingIfNeeded: shifted.bitPattern), toUncheckedByteOffset: 4 &+ index,
        as: UInt8.self)
    }
  }

  /// A scale that is not finite, or overflows, gives the largest number.
  @inline(__always)
  private static func dequantise(
    _ count: Int, _ source: RawSpan, _ target: inout MutableRawSpan, _ means: Means
  ) {
    // SAFETY: the prefix lies inside, see `convert`; likewise 4 + index and 4·index below.
    let scale = unsafe source.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: Float.self)
    let done = means.dequantise(count, source, &target, scale: scale)
    for index in done..<count {
      let quantised = unsafe source.unsafeLoadUnaligned(
        fromUncheckedByteOffset: 4 &+ index, as: Int8.self)
      unsafe target.storeBytes(
        of: (Float(quantised) * scale).bounded(), toUncheckedByteOffset: 4 &* index,
        as: Float.self)
    }
  }
}
