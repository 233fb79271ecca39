// System headers and instructions that Swift on Linux does not export.
#ifndef CEKKO_H
#define CEKKO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

// Asks the processor to load the cache line at `address`; never faults, whatever the address.
static inline void ekko_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

#endif
