/// The table for AVX2 and FMA: 6 rows x 16 columns are 12 of 16 registers.
#if defined(__x86_64__)
#include "tables.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define LANES 8
#define TILE_ROWS 6
#define TILE_PANELS 1
#define TABLE ck_avx2
#define NAME "avx2"
#define SET CK_AVX2
#include "template.h"

#pragma clang attribute pop
#endif
