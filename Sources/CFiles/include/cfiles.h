// What Swift doesn't see of Linux's files: flags and calls behind _GNU_SOURCE.
#pragma once
#include <stdint.h>
#include <sys/types.h>

// Opens a directory to look names up in it, where it can't be opened to be listed; negative on failure.
int cfiles_open_path(int directory, const char *path, int flags);

// Opens a new file of a directory that has no name and is gone with its last descriptor; negative where there are none.
int cfiles_open_unnamed(int directory, mode_t permissions);

// Opens a new file in a directory to write to and to read, without a name and gone with its last descriptor; negative on failure.
int cfiles_open_scratch(const char *directory);

// Opens a new file that lives in memory alone and is gone with its last descriptor; negative where there are none.
int cfiles_open_in_memory(const char *name);

// The magic number of the file system that a descriptor's file is on; 0 if nobody knows.
uint32_t cfiles_file_system(int descriptor);
