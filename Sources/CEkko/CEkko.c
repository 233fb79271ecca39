#define _GNU_SOURCE
#include "CEkko.h"

#include <malloc.h>

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
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

struct ekko_path ekko_path_of(int socket) {
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return (struct ekko_path){0};
  return (struct ekko_path){info.tcpi_min_rtt, info.tcpi_snd_mss};
}

void ekko_name_thread(const char *name) { (void)prctl(PR_SET_NAME, name, 0, 0, 0); }

void ekko_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
}
