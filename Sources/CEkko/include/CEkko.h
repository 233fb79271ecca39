// System headers and instructions that Swift on Linux does not export.
#ifndef CEKKO_H
#define CEKKO_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if __has_include(<sys/epoll.h>)
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif

#include "EkkoChecksum.h"
#include "EkkoForms.h"
#include "EkkoSignals.h"

// Asks the processor to load the cache line at `address`; never faults, whatever the address.
static inline void ekko_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

// Copies a row's numbers of four bytes, without a call: rows are short.
static inline void ekko_copy_row(void *target, const void *source, size_t byte_count) {
  char *to = (char *)target, *end = to + byte_count;
  const char *from = (const char *)source;
  // More than that at once would only take registers from the loop over rows.
#pragma clang loop unroll(disable) vectorize(disable)
  for (; end - to >= 64; to += 64, from += 64) memcpy(to, from, 64);
#pragma clang loop unroll(disable) vectorize(disable)
  for (; end - to >= 4; to += 4, from += 4) memcpy(to, from, 4);
}

// Tell the thread sanitizer, in a build with it, what a lock orders; else they do nothing.
void ekko_lock_acquired(const void *lock);
void ekko_lock_releasing(const void *lock);

// The core loop that runs the calling thread, or null. A call into C, so that the compiler cannot
// keep the answer across a suspension, as it does with `pthread_self`.
const void *ekko_current_loop(void);
void ekko_set_current_loop(const void *loop);

// `accept4` with a non-blocking descriptor that is closed on `exec`.
int ekko_accept(int listener);

// Bytes that a TCP socket was given and that the other side's machine has not confirmed; 0 if that
// cannot be told.
int ekko_unconfirmed(int socket);

// What the kernel knows of the way to a TCP socket's other side; zeros if that cannot be told.
struct ekko_path {
  // The shortest time to a confirmation.
  uint32_t round_trip_microseconds;
  // The bytes of a full segment.
  uint32_t segment;
};
struct ekko_path ekko_path_of(int socket);

// Names the calling thread for the system's tools.
void ekko_name_thread(const char *name);

// Lets the allocator keep what is freed for the next batch, rather than give it back to the system
// and take it again: batches of the same size come many times a second.
void ekko_keep_freed_memory(void);

// The IEEE square root as one instruction. Swift's own `squareRoot()` becomes a call of `sqrtf` that
// may set errno, which keeps loops from being vectorised.
static inline float ekko_square_root(float value) { return __builtin_elementwise_sqrt(value); }

#endif
