// All of MPI that the program uses, as plain functions: Swift can't import macros, and handles are of another type in each
// MPI. Errors end the job: MPI's own handler, which stays, says what they are.
#ifndef CMPI_SHIM_H
#define CMPI_SHIM_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

#ifdef OPEN_MPI
enum { CMPI_IS_OPEN_MPI = 1 };
#else
enum { CMPI_IS_OPEN_MPI = 0 };
#endif

// One thread calls MPI: the one that calls this.
static inline void cmpi_init(void) {
  int provided = 0;
  MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
}

static inline int cmpi_rank(void) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

static inline int cmpi_size(void) {
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

// Words of 32 bits; counts and offsets of each rank in words.
static inline void cmpi_exchange(const void *sent, const int *sent_counts, const int *sent_offsets, void *received,
                                 const int *received_counts, const int *received_offsets) {
  MPI_Alltoallv(sent, sent_counts, sent_offsets, MPI_UINT32_T, received, received_counts, received_offsets, MPI_UINT32_T,
                MPI_COMM_WORLD);
}

static inline void cmpi_meet(void) { MPI_Barrier(MPI_COMM_WORLD); }

static inline void cmpi_finalize(void) { MPI_Finalize(); }

static inline void cmpi_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

// The MPI that runs, in its own words; text has room for CMPI_LIBRARY_BYTES.
enum { CMPI_LIBRARY_BYTES = MPI_MAX_LIBRARY_VERSION_STRING };
static inline void cmpi_library(char *text) {
  int length = 0;
  MPI_Get_library_version(text, &length);
}

#endif
