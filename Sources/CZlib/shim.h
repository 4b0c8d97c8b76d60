// The system's zlib.
#pragma once
#include <zlib.h>

// A macro that calls a function with the version of the header and the size of the structure. 15 bits of window as gzip has
// them, and 16 for gzip's own header and check.
static inline int shim_inflate_init_gzip(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
