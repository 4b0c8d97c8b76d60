/// What the system has for threads, and Swift can't import.
#ifndef CTHREADS_H
#define CTHREADS_H

#include <stddef.h>
#include <stdint.h>

/// Keeps the calling thread, and those that it starts, on these processors. Returns 0, or the system's error code.
int cthreads_set_affinity(const int *processors, size_t count);

/// How many processors the calling thread may run on.
int cthreads_processor_count(void);

/// Sleeps while the 32 bits at an address have a value, until `cthreads_wake_all` is called for it; or returns for no reason.
void cthreads_sleep(const void *word, uint32_t value);

void cthreads_wake_all(const void *word);

#endif
