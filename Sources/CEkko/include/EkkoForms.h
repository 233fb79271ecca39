// A row's numbers from one format to another with vector instructions, bit for bit as the scalar code
// does it. To be called only where they are supported. Pointers need no alignment.
//
// Each works on whole groups of numbers from the first on and returns how many numbers it has done,
// at most `count`: the rest, and any group that it leaves alone, is the scalar code's. No byte
// outside of the first `count` numbers is touched.
#ifndef EKKO_FORMS_H
#define EKKO_FORMS_H

#include <stddef.h>
#include <stdint.h>

// Whether this processor has the instructions that the others use.
int32_t ekko_forms_are_supported(void);

size_t ekko_float32_to_float16(void *target, const void *source, size_t count);
// Stops before a group with a not-a-number, whose bits the instruction would change.
size_t ekko_float16_to_float32(void *target, const void *source, size_t count);
size_t ekko_float32_to_bfloat16(void *target, const void *source, size_t count);
size_t ekko_bfloat16_to_float32(void *target, const void *source, size_t count);

// How the numbers are stored that become signed bytes.
typedef enum ekko_element { ekko_float32, ekko_float16, ekko_bfloat16 } ekko_element;

// Raises `largest`, the bits of a Float32, to the largest magnitude of the numbers, where those that
// are not finite count as the largest finite one.
size_t ekko_find_largest(uint32_t *largest, const void *source, ekko_element element, size_t count);

// Each number divided by `divisor`, within -127...127, rounded to nearest, ties to even.
size_t ekko_to_int8(
    void *target, const void *source, ekko_element element, size_t count, float divisor);
// Each signed byte times `scale`, made finite.
size_t ekko_int8_to_float32(void *target, const void *source, size_t count, float scale);

#endif
