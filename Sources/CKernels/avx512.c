/// The table for AVX-512: 12 rows x 32 columns are 24 of 32 registers.
#if defined(__x86_64__)
#include "tables.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)

#define LANES 16
#define TILE_ROWS 12
#define TILE_PANELS 2
#define TABLE ck_avx512
#define NAME "avx512"
#define SET CK_AVX512
#include "template.h"

#pragma clang attribute pop
#endif
