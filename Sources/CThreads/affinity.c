#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "cthreads.h"

int cthreads_set_affinity(const int *processors, size_t count) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (size_t i = 0; i < count; i++) {
    if (processors[i] < 0 || processors[i] >= CPU_SETSIZE) return EINVAL;
    CPU_SET(processors[i], &set);
  }
  return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : errno;
}

int cthreads_processor_count(void) {
  cpu_set_t set;
  // Machines with more processors than the set holds are asked how many are online.
  if (sched_getaffinity(0, sizeof set, &set) != 0) return (int)sysconf(_SC_NPROCESSORS_ONLN);
  return CPU_COUNT(&set);
}
