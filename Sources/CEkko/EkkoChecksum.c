#include "EkkoChecksum.h"

#if defined(__x86_64__)

#include <nmmintrin.h>
#include <string.h>
#include <wmmintrin.h>

#define CHECKSUM __attribute__((target("sse4.2,pclmul")))

int32_t ekko_crc32c_is_supported(void) {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul") ? 1 : 0;
}

static inline uint64_t load(const unsigned char *at) {
  uint64_t word;
  memcpy(&word, at, 8);
  return word;
}

// What must be added to a word so that the instruction, which then takes it in, also advances
// `crc` over as many bytes as `factor` stands for, this word's included.
CHECKSUM static inline uint64_t shifted(uint64_t crc, uint32_t factor) {
  return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(
      _mm_cvtsi32_si128((int)crc), _mm_cvtsi32_si128((int)factor), 0));
}

// Three lanes of `lane` bytes, one behind the other, at once: the instruction can start every cycle
// but takes three. `two` and `one` are the factors for two lanes and for one.
CHECKSUM static inline __attribute__((always_inline)) uint32_t three(
    uint32_t crc, const unsigned char *at, size_t lane, uint32_t two, uint32_t one) {
  uint64_t first = crc, second = 0, third = 0;
  size_t offset = 0;
  for (; offset + 8 < lane; offset += 8) {
    if (lane >= 1024 && offset % 64 == 0) {
      // The next round's lines: the processor's own guesses do not follow three lanes. What lies
      // behind the bytes is never read, only asked for, which cannot fault.
      uintptr_t next = (uintptr_t)at + 3 * lane + offset;
      __builtin_prefetch((const void *)next);
      __builtin_prefetch((const void *)(next + lane));
      __builtin_prefetch((const void *)(next + 2 * lane));
    }
    first = _mm_crc32_u64(first, load(at + offset));
    second = _mm_crc32_u64(second, load(at + lane + offset));
    third = _mm_crc32_u64(third, load(at + 2 * lane + offset));
  }
  first = _mm_crc32_u64(first, load(at + offset));
  second = _mm_crc32_u64(second, load(at + lane + offset));
  uint64_t last = load(at + 2 * lane + offset) ^ shifted(first, two) ^ shifted(second, one);
  return (uint32_t)_mm_crc32_u64(third, last);
}

// The factors are x^(8n - 33) modulo the polynomial, bits reversed, for n bytes: of the 33, one is
// the place that a product of reversed numbers is off by and 32 what the instruction multiplies by.
CHECKSUM uint32_t ekko_crc32c_update(uint32_t crc, const void *bytes, size_t count) {
  const unsigned char *at = bytes;
  for (; count >= 3 * 1024; at += 3 * 1024, count -= 3 * 1024) {
    crc = three(crc, at, 1024, 0xA51B6135, 0x170076FA);
  }
  for (; count >= 3 * 128; at += 3 * 128, count -= 3 * 128) {
    crc = three(crc, at, 128, 0xB9E02B86, 0x0D3B6092);
  }
  for (; count >= 3 * 32; at += 3 * 32, count -= 3 * 32) {
    crc = three(crc, at, 32, 0x9E4ADDF8, 0xBA4FC28E);
  }
  uint64_t wide = crc;
  for (; count >= 8; at += 8, count -= 8) wide = _mm_crc32_u64(wide, load(at));
  uint32_t narrow = (uint32_t)wide;
  for (; count > 0; ++at, --count) narrow = _mm_crc32_u8(narrow, *at);
  return narrow;
}

#else

int32_t ekko_crc32c_is_supported(void) { return 0; }

uint32_t ekko_crc32c_update(uint32_t crc, const void *bytes, size_t count) {
  (void)bytes;
  (void)count;
  return crc;
}

#endif
