/// The vector kernels, written once on clang's vector extension and compiled once per instruction set.
///
/// The including file defines, within a `#pragma clang attribute` that names the target's features:
///   LANES        floats in a vector: 4, 8 or 16
///   TILE_ROWS    rows of a register tile, at most 12
///   TILE_PANELS  panels of a register tile: 1 or 2
///   TABLE, NAME  the table's symbol and its name
///   SET          the instruction set
///
/// Its parts are in products.h with tile.h, functions.h and lanes.h.
///
/// A register tile holds TILE_ROWS x TILE_PANELS x 16 sums; each step of k costs one load per vector of B and one
/// broadcast per row of A.

#include <math.h>
#include <string.h>

#include "constants.h"
#include "tables.h"

#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define PANEL CK_PANEL_WIDTH
#define VECTORS (PANEL / LANES)

typedef float vector __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int32_t integers __attribute__((ext_vector_type(LANES)));

INLINE vector load(const float *p) { return *(const vector *)p; }
INLINE void store(float *p, vector x) { *(vector *)p = x; }
INLINE vector splat(float x) { return (vector)(x); }
INLINE vector fma_vector(vector a, vector b, vector c) { return __builtin_elementwise_fma(a, b, c); }

#include "functions.h"
#include "lanes.h"
#include "products.h"

const ck_kernels TABLE = {
    .set = SET,
    .name = NAME,
    .multiply = multiply,
    .multiply_vector = multiply_vector,
    .apply = apply,
    .apply_gradient = apply_gradient,
    .lstm = lstm,
    .lstm_gradient = lstm_gradient,
    .gru = gru,
    .gru_gradient = gru_gradient,
    .softmax_chunk = softmax_chunk,
    .scale_lanes = scale_lanes,
    .add_rows = add_rows,
    .add_lanes = add_lanes,
    .sum_of_squares = sum_of_squares,
    .all_finite = all_finite,
    .transpose_block = transpose_block,
};
