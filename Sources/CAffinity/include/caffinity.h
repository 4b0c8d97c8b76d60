/// The affinity of threads, whose functions Swift can't import.
#ifndef CAFFINITY_H
#define CAFFINITY_H

#include <stddef.h>

/// Keeps the calling thread, and those that it starts, on these processors. Returns 0, or the system's error code.
int caffinity_set(const int *processors, size_t count);

/// How many processors the calling thread may run on.
int caffinity_count(void);

#endif
