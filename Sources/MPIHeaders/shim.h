// Here is where the build learns from pkg-config where MPI's headers and library are. Only Sources/CMPI includes them.
#ifndef MPI_HEADERS_SHIM_H
#define MPI_HEADERS_SHIM_H

#include <mpi.h>

#endif
