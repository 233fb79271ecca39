#define _GNU_SOURCE
#include "EkkoSignals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_int signal_count;
static int signal_event = -1;

static char last_words[32];
static int last_words_descriptor = -1;
static atomic_size_t last_words_count;

static void say_last_words(void) {
  size_t count = atomic_exchange(&last_words_count, 0);
  struct pollfd request = {.fd = last_words_descriptor, .events = POLLOUT};
  // A terminal that its user has stopped must not hold up the end.
  if (count > 0 && poll(&request, 1, 100) == 1) {
    ssize_t written = write(last_words_descriptor, last_words, count);
    (void)written;
  }
}

static void note_signal(int number) {
  int code = errno;
  if (atomic_fetch_add(&signal_count, 1) > 0) {
    say_last_words();
    _exit(128 + number);
  }
  uint64_t one = 1;
  ssize_t written = write(signal_event, &one, sizeof one);
  (void)written;
  errno = code;
}

int ekko_catch_signals(void) {
  signal_event = eventfd(0, EFD_CLOEXEC);
  if (signal_event < 0) atomic_store(&signal_count, 1);
  struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
  // One at a time, so that of two the second is the one that ends the process.
  sigaddset(&action.sa_mask, SIGTERM);
  sigaddset(&action.sa_mask, SIGINT);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  return signal_event;
}

// Those that end a process which does not catch them, and come from a terminal or a defect.
static const int deadly[] = {SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
enum { deadly_count = sizeof deadly / sizeof *deadly };
static struct sigaction earlier[deadly_count];
static int are_deadly_caught;

static void say_last_words_and_die(int number) {
  say_last_words();
  for (int place = 0; place < deadly_count; ++place) {
    if (deadly[place] == number) sigaction(number, &earlier[place], NULL);
  }
  // Held back until this returns; then it does what it would have done.
  raise(number);
}

void ekko_set_last_words(int descriptor, const char *words) {
  atomic_store(&last_words_count, 0);
  size_t count = strlen(words);
  if (count == 0 || count >= sizeof last_words) return;
  memcpy(last_words, words, count);
  last_words_descriptor = descriptor;
  atomic_store(&last_words_count, count);
  if (are_deadly_caught) return;
  are_deadly_caught = 1;
  for (int place = 0; place < deadly_count; ++place) {
    sigaction(deadly[place], NULL, &earlier[place]);
    if (earlier[place].sa_handler == SIG_IGN) continue;
    struct sigaction action = {.sa_handler = say_last_words_and_die, .sa_flags = SA_ONSTACK};
    sigaction(deadly[place], &action, NULL);
  }
}
