import Testing

@testable import EkkoStorage

@Suite struct MemoryBlockTests {
  /// From the allocator, from a region, and as a mapping of their own.
  @Test(arguments: [1, 100, 16 << 10, 300 << 10, 4 << 20, 5 << 20])
  func `a block is zeroed, also where another was before`(byteCount: Int) {
    for _ in 0..<3 {
      let blocks = (0..<5).map { _ in MemoryBlock(byteCount: byteCount) }
      for block in blocks {
        #expect(block.byteCount >= byteCount)
        let bytes = unsafe UnsafeMutableRawBufferPointer(
          start: block.base, count: block.byteCount)
        #expect(unsafe bytes.allSatisfy { $0 == 0 })
        for place in bytes.indices { unsafe bytes[place] = 0xA5 }
      }
      // None lies in another.
      for block in blocks {
        let bytes = unsafe UnsafeRawBufferPointer(start: block.base, count: block.byteCount)
        #expect(unsafe bytes.allSatisfy { $0 == 0xA5 })
      }
    }
  }

  @Test func `a copy has the same bytes and does not follow later ones`() {
    let block = MemoryBlock(byteCount: 20 << 10)
    unsafe block.base.storeBytes(of: 7, toByteOffset: 4096, as: UInt64.self)
    let copy = block.copy()
    unsafe block.base.storeBytes(of: 8, toByteOffset: 4096, as: UInt64.self)
    #expect(unsafe copy.base.load(fromByteOffset: 4096, as: UInt64.self) == 7)
  }
}
