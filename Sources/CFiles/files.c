#define _GNU_SOURCE
#include "cfiles.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

int cfiles_open_path(int directory, const char *path, int flags) { return openat(directory, path, O_PATH | flags); }

int cfiles_open_unnamed(int directory, mode_t permissions) {
  return openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, permissions);
}

int cfiles_open_scratch(const char *directory) {
  int descriptor = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return descriptor;
  // File systems without files that have no name: it loses its own at once.
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/rnn-train-XXXXXX", directory) >= (int)sizeof path) return errno = ENAMETOOLONG, -1;
  descriptor = mkostemp(path, O_CLOEXEC);
  if (descriptor >= 0) unlink(path);
  return descriptor;
}

int cfiles_open_in_memory(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

uint32_t cfiles_file_system(int descriptor) {
  struct statfs status;
  return fstatfs(descriptor, &status) == 0 ? (uint32_t)status.f_type : 0;
}
