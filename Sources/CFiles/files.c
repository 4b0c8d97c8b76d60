#define _GNU_SOURCE
#include "cfiles.h"
#include <fcntl.h>
#include <sys/vfs.h>

int cfiles_open_path(int directory, const char *path, int flags) { return openat(directory, path, O_PATH | flags); }

int cfiles_open_unnamed(int directory, mode_t permissions) {
  return openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, permissions);
}

uint32_t cfiles_file_system(int descriptor) {
  struct statfs status;
  return fstatfs(descriptor, &status) == 0 ? (uint32_t)status.f_type : 0;
}
