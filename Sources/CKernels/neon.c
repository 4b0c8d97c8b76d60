/// The table for NEON: 6 rows x 16 columns are 24 of 32 registers.
#if defined(__aarch64__)
#include "tables.h"

#pragma clang attribute push(__attribute__((target("neon"))), apply_to = function)

#define LANES 4
#define TILE_ROWS 6
#define TILE_PANELS 1
#define TABLE ck_neon
#define NAME "neon"
#define SET CK_NEON
#include "template.h"

#pragma clang attribute pop
#endif
