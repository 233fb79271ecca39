#define _GNU_SOURCE
#include "CEkko.h"

#include <malloc.h>

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#if __has_feature(thread_sanitizer)

void __tsan_acquire(const void *lock);
void __tsan_release(const void *lock);

void ekko_lock_acquired(const void *lock) { __tsan_acquire(lock); }

void ekko_lock_releasing(const void *lock) { __tsan_release(lock); }

#else

void ekko_lock_acquired(const void *lock) { (void)lock; }

void ekko_lock_releasing(const void *lock) { (void)lock; }

#endif

static _Thread_local const void *current_loop;

const void *ekko_current_loop(void) { return current_loop; }

void ekko_set_current_loop(const void *loop) { current_loop = loop; }

int ekko_accept(int listener) {
  return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int ekko_unconfirmed(int socket) {
  int count = 0;
  return ioctl(socket, SIOCOUTQ, &count) == 0 ? count : 0;
}

void ekko_name_thread(const char *name) { (void)prctl(PR_SET_NAME, name, 0, 0, 0); }

#if defined(__x86_64__)

int32_t ekko_crc32c_is_supported(void) { return __builtin_cpu_supports("sse4.2") ? 1 : 0; }

__attribute__((target("sse4.2")))
uint32_t ekko_crc32c_update(uint32_t crc, const void *bytes, size_t count) {
  const unsigned char *at = bytes;
  uint64_t wide = crc;
  for (; count >= 8; at += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  uint32_t narrow = (uint32_t)wide;
  for (; count > 0; ++at, --count) narrow = __builtin_ia32_crc32qi(narrow, *at);
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

void ekko_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
}
