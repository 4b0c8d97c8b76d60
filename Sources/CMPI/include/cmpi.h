// All of MPI that the program uses, without a name or a type of it: MPI's handles are of another type in each MPI, and what Swift
// has compiled against this goes with any of them. Errors end the job: MPI's own handler, which stays, says what they are.
#ifndef CMPI_H
#define CMPI_H

#include <stdbool.h>

// One thread calls MPI: the one that calls this.
void cmpi_init(void);

int cmpi_rank(void);

int cmpi_size(void);

// Words of 32 bits; counts and offsets of each rank in words.
void cmpi_exchange(const void *_Nonnull sent, const int *_Nonnull sent_counts, const int *_Nonnull sent_offsets,
                   void *_Nonnull received, const int *_Nonnull received_counts, const int *_Nonnull received_offsets);

void cmpi_meet(void);

void cmpi_finalize(void);

void cmpi_abort(int code);

// Whether the program is built with Open MPI, and not with MPICH or one of those that are made of it.
bool cmpi_is_open_mpi(void);

// The MPI that runs, in its own words. By one thread at a time.
const char *_Nonnull cmpi_library(void);

#endif
