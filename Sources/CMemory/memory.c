#include "cmemory.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// Sanitizers have allocators of their own.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CMEMORY_IS_OFF
#endif
#endif

#ifndef CMEMORY_IS_OFF

// glibc's allocator behind the names that are defined here.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static void *given(void *memory, size_t size) {
  if (memory || size == 0) return memory;
  char line[160];
  int length = snprintf(line, sizeof line, "rnn-train: the system gives no %zu kB of memory: %s\n", size / 1000 + 1,
                        "Cannot allocate memory");
  ssize_t written = write(STDERR_FILENO, line, (size_t)length);
  (void)written;
  _exit(71);
}

void *malloc(size_t size) { return given(__libc_malloc(size), size); }

void *calloc(size_t count, size_t size) {
  size_t all;
  if (__builtin_mul_overflow(count, size, &all)) all = (size_t)-1;
  return given(__libc_calloc(count, size), all);
}

void *realloc(void *memory, size_t size) { return given(__libc_realloc(memory, size), size); }

void *memalign(size_t alignment, size_t size) { return given(__libc_memalign(alignment, size), size); }

void *aligned_alloc(size_t alignment, size_t size) { return given(__libc_memalign(alignment, size), size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  *memory = given(__libc_memalign(alignment, size), size);
  return 0;
}

#endif
