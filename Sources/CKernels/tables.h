/// The tables by instruction set; which of them are compiled depends on the architecture.
#pragma once

#include "ckernels.h"

extern const ck_kernels ck_portable;
#if defined(__x86_64__)
extern const ck_kernels ck_avx2;
extern const ck_kernels ck_avx512;
#elif defined(__aarch64__)
extern const ck_kernels ck_neon;
#endif
