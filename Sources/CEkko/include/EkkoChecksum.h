// CRC-32C with the processor's instruction.
#ifndef EKKO_CHECKSUM_H
#define EKKO_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

// Whether this processor has the instructions that `ekko_crc32c_update` uses.
int32_t ekko_crc32c_is_supported(void);

// Advances a CRC-32C register over `count` bytes; call it only where that is supported.
uint32_t ekko_crc32c_update(uint32_t crc, const void *bytes, size_t count);

#endif
