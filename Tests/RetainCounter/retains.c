#define _GNU_SOURCE
#include "retains.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(__x86_64__) && defined(__linux__)

static _Thread_local long count;

long retains_count(void) { return count; }

// The runtime's function keeps all registers but that of its result, and so has this one to, which stands in front of it
// for all code that is linked into this program.
typedef __attribute__((preserve_most)) void *retain(void *object);

__attribute__((preserve_most)) void *swift_retain(void *object) {
  static retain *_Atomic runtime;
  retain *next = runtime;
  if (!next) runtime = next = (retain *)dlsym(RTLD_NEXT, "swift_retain");
  count++;
  return next(object);
}

#else

long retains_count(void) { return -1; }

#endif
