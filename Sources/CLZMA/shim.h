// The system's liblzma.
#pragma once
#include <lzma.h>

// A macro of a structure.
static inline lzma_stream shim_lzma_stream(void) {
  lzma_stream stream = LZMA_STREAM_INIT;
  return stream;
}

// A macro with a cast.
static inline uint32_t shim_concatenated(void) { return LZMA_CONCATENATED; }
