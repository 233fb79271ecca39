// What the program does with signals. Handlers are C: nothing else may run in one.
#ifndef EKKO_SIGNALS_H
#define EKKO_SIGNALS_H

// From now on the first SIGTERM or SIGINT only makes the descriptor returned here readable; a second
// one ends the process at once with 128 and its number. SIGPIPE is ignored. Without a descriptor
// (-1) the first one ends it. To be called once.
int ekko_catch_signals(void);

// What is written to `descriptor` if a signal kills the process, or ends it at once: at most 31
// bytes, copied; none to take it back.
void ekko_set_last_words(int descriptor, const char *words);

#endif
