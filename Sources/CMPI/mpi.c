// Nothing without the trait MPI, and the one file that is compiled against an MPI with it.
#ifdef WITH_MPI

#include "cmpi.h"

#include <mpi.h>
#include <stddef.h>

void cmpi_init(void) {
  int provided = 0;
  MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
}

int cmpi_rank(void) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

int cmpi_size(void) {
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

void cmpi_exchange(const void *sent, const int *sent_counts, const int *sent_offsets, void *received,
                   const int *received_counts, const int *received_offsets) {
  MPI_Alltoallv(sent, sent_counts, sent_offsets, MPI_UINT32_T, received, received_counts, received_offsets, MPI_UINT32_T,
                MPI_COMM_WORLD);
}

void cmpi_meet(void) { MPI_Barrier(MPI_COMM_WORLD); }

void cmpi_finalize(void) { MPI_Finalize(); }

void cmpi_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

bool cmpi_is_open_mpi(void) {
#ifdef OPEN_MPI
  return true;
#else
  return false;
#endif
}

const char *_Nonnull cmpi_library(void) {
  static char text[MPI_MAX_LIBRARY_VERSION_STRING + 1];
  int length = 0;
  MPI_Get_library_version(text, &length);
  return text;
}

#endif
