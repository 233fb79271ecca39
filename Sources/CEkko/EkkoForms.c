#include "EkkoForms.h"

#if defined(__x86_64__)

#include <float.h>
#include <immintrin.h>

#define VECTOR __attribute__((target("avx2,f16c")))
#define INLINE VECTOR static inline __attribute__((always_inline))

int32_t ekko_forms_are_supported(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c") ? 1 : 0;
}

// Each of these instructions answers its second operand when one is not a number, like the scalar
// code.
INLINE __m256 bounded(__m256 values, float limit) {
  __m256 upper = _mm256_min_ps(values, _mm256_set1_ps(limit));
  return _mm256_max_ps(upper, _mm256_set1_ps(-limit));
}

INLINE __m256i words(const uint16_t *at) {
  return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)at));
}

INLINE __m256 brain(const uint16_t *at) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(words(at), 16));
}

VECTOR size_t ekko_float32_to_float16(void *target, const void *source, size_t count) {
  const float *from = source;
  uint16_t *to = target;
  size_t done = 0;
  for (; done + 8 <= count; done += 8) {
    __m256 values = bounded(_mm256_loadu_ps(from + done), 65504);
    __m128i halves = _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128((__m128i *)(to + done), halves);
  }
  return done;
}

VECTOR size_t ekko_float16_to_float32(void *target, const void *source, size_t count) {
  const uint16_t *from = source;
  float *to = target;
  size_t done = 0;
  for (; done + 8 <= count; done += 8) {
    __m128i halves = _mm_loadu_si128((const __m128i *)(from + done));
    __m128i magnitudes = _mm_and_si128(halves, _mm_set1_epi16(0x7FFF));
    __m128i isNot = _mm_cmpgt_epi16(magnitudes, _mm_set1_epi16(0x7C00));
    if (!_mm_testz_si128(isNot, isNot)) break;
    _mm256_storeu_ps(to + done, _mm256_cvtph_ps(halves));
  }
  return done;
}

INLINE __m256i brainBits(const float *at) {
  __m256i bits = _mm256_castps_si256(bounded(_mm256_loadu_ps(at), 0x1.FEp127f));
  __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
  return _mm256_srli_epi32(rounded, 16);
}

VECTOR size_t ekko_float32_to_bfloat16(void *target, const void *source, size_t count) {
  const float *from = source;
  uint16_t *to = target;
  size_t done = 0;
  for (; done + 16 <= count; done += 16) {
    __m256i packed = _mm256_packus_epi32(brainBits(from + done), brainBits(from + done + 8));
    // Packing works in each half by itself.
    packed = _mm256_permute4x64_epi64(packed, 0xD8);
    _mm256_storeu_si256((__m256i *)(to + done), packed);
  }
  for (; done + 8 <= count; done += 8) {
    __m256i bits = brainBits(from + done);
    __m128i packed = _mm_packus_epi32(
        _mm256_castsi256_si128(bits), _mm256_extracti128_si256(bits, 1));
    _mm_storeu_si128((__m128i *)(to + done), packed);
  }
  return done;
}

VECTOR size_t ekko_bfloat16_to_float32(void *target, const void *source, size_t count) {
  const uint16_t *from = source;
  float *to = target;
  size_t done = 0;
  for (; done + 8 <= count; done += 8) _mm256_storeu_ps(to + done, brain(from + done));
  return done;
}

INLINE __m256 load(const void *source, ekko_element element, size_t index) {
  const uint16_t *halves = (const uint16_t *)source + index;
  __m256 values = element == ekko_float32 ? _mm256_loadu_ps((const float *)source + index)
      : element == ekko_float16 ? _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves))
                                : brain(halves);
  return bounded(values, FLT_MAX);
}

INLINE size_t findLargest(
    uint32_t *largest, const void *source, ekko_element element, size_t count) {
  __m256i most = _mm256_set1_epi32((int)*largest);
  size_t done = 0;
  for (; done + 8 <= count; done += 8) {
    // The bits of numbers that are not negative are ordered like the numbers.
    __m256i bits = _mm256_castps_si256(load(source, element, done));
    most = _mm256_max_epi32(most, _mm256_and_si256(bits, _mm256_set1_epi32(0x7FFFFFFF)));
  }
  __m128i four = _mm_max_epi32(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1));
  __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  __m128i one = _mm_max_epi32(two, _mm_shuffle_epi32(two, 0xB1));
  *largest = (uint32_t)_mm_cvtsi128_si32(one);
  return done;
}

VECTOR size_t ekko_find_largest(
    uint32_t *largest, const void *source, ekko_element element, size_t count) {
  switch (element) {
  case ekko_float32: return findLargest(largest, source, ekko_float32, count);
  case ekko_float16: return findLargest(largest, source, ekko_float16, count);
  default: return findLargest(largest, source, ekko_bfloat16, count);
  }
}

// The whole numbers in the lowest bytes, with zeros above.
INLINE __m256i quantised(
    const void *source, ekko_element element, size_t index, __m256 divisor) {
  __m256 values = bounded(_mm256_div_ps(load(source, element, index), divisor), 127);
  // Adding 1.5 * 2^23 rounds and leaves the whole number in the lowest bits.
  __m256i shifted = _mm256_castps_si256(_mm256_add_ps(values, _mm256_set1_ps(12582912)));
  return _mm256_and_si256(shifted, _mm256_set1_epi32(0xFF));
}

INLINE size_t toInt8(
    uint8_t *to, const void *source, ekko_element element, size_t count, float scale) {
  __m256 divisor = _mm256_set1_ps(scale);
  size_t done = 0;
  for (; done + 32 <= count; done += 32) {
    __m256i first = _mm256_packus_epi32(
        quantised(source, element, done, divisor), quantised(source, element, done + 8, divisor));
    __m256i second = _mm256_packus_epi32(
        quantised(source, element, done + 16, divisor),
        quantised(source, element, done + 24, divisor));
    // Packing works in each half by itself: groups of four come out as 0 2 4 6 1 3 5 7.
    __m256i packed = _mm256_permutevar8x32_epi32(
        _mm256_packus_epi16(first, second), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)(to + done), packed);
  }
  for (; done + 8 <= count; done += 8) {
    __m256i whole = quantised(source, element, done, divisor);
    __m128i pairs = _mm_packus_epi32(
        _mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storel_epi64((__m128i *)(to + done), _mm_packus_epi16(pairs, pairs));
  }
  return done;
}

VECTOR size_t ekko_to_int8(
    void *target, const void *source, ekko_element element, size_t count, float divisor) {
  switch (element) {
  case ekko_float32: return toInt8(target, source, ekko_float32, count, divisor);
  case ekko_float16: return toInt8(target, source, ekko_float16, count, divisor);
  default: return toInt8(target, source, ekko_bfloat16, count, divisor);
  }
}

VECTOR size_t ekko_int8_to_float32(
    void *target, const void *source, size_t count, float scale) {
  const int8_t *from = source;
  float *to = target;
  __m256 scales = _mm256_set1_ps(scale);
  size_t done = 0;
  for (; done + 8 <= count; done += 8) {
    __m256i whole = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(from + done)));
    __m256 values = _mm256_mul_ps(_mm256_cvtepi32_ps(whole), scales);
    _mm256_storeu_ps(to + done, bounded(values, FLT_MAX));
  }
  return done;
}

#else

int32_t ekko_forms_are_supported(void) { return 0; }

size_t ekko_float32_to_float16(void *target, const void *source, size_t count) { return 0; }

size_t ekko_float16_to_float32(void *target, const void *source, size_t count) { return 0; }

size_t ekko_float32_to_bfloat16(void *target, const void *source, size_t count) { return 0; }

size_t ekko_bfloat16_to_float32(void *target, const void *source, size_t count) { return 0; }

size_t ekko_find_largest(
    uint32_t *largest, const void *source, ekko_element element, size_t count) {
  return 0;
}

size_t ekko_to_int8(
    void *target, const void *source, ekko_element element, size_t count, float divisor) {
  return 0;
}

size_t ekko_int8_to_float32(void *target, const void *source, size_t count, float scale) {
  return 0;
}

#endif
