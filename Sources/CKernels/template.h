/// The vector kernels, written once on clang's vector extension and compiled once per instruction set.
///
/// The including file defines, within a `#pragma clang attribute` that names the target's features:
///   LANES        floats in a vector: 4, 8 or 16
///   TILE_ROWS    rows of a register tile, at most 12
///   TILE_PANELS  panels of a register tile: 1 or 2
///   TABLE, NAME  the table's symbol and its name
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

// MARK: products

/// One register tile. `rows`, `panels`, `transposed` and `start` are constants where this is called, so that the sums live
/// in registers and no branch is left.
INLINE void tile(const int rows, const int panels, const bool transposed, const ck_start start, long length,
                 const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride,
                 const float *bias) {
  vector sums[TILE_ROWS][TILE_PANELS * VECTORS];
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int p = 0; p < panels; p++)
      UNROLL for (int v = 0; v < VECTORS; v++) {
        vector *sum = &sums[i][p * VECTORS + v];
        if (start == CK_ZERO) *sum = splat(0.0f);
        else if (start == CK_ACCUMULATE) *sum = load(c + p * c_stride + i * PANEL + v * LANES);
        else if (start == CK_COLUMN_BIAS) *sum = load(bias + p * PANEL + v * LANES);
        else *sum = splat(bias[i]);
      }
#define STEP(element)                                                                                            \
  {                                                                                                              \
    vector right[TILE_PANELS * VECTORS];                                                                         \
    UNROLL for (int p = 0; p < panels; p++)                                                                      \
      UNROLL for (int v = 0; v < VECTORS; v++) right[p * VECTORS + v] = load(b + p * b_stride + v * LANES);      \
    UNROLL for (int i = 0; i < rows; i++) {                                                                      \
      vector left = splat(element);                                                                              \
      UNROLL for (int v = 0; v < panels * VECTORS; v++) sums[i][v] = fma_vector(left, right[v], sums[i][v]);     \
    }                                                                                                            \
    b += PANEL;                                                                                                  \
  }
  if (transposed) {
    for (long k = 0; k < length; k++) {
      STEP(a[i]);
      a += PANEL;
    }
  } else {
    for (; length >= PANEL; length -= PANEL) {
      for (int k = 0; k < PANEL; k += 4) {
        STEP(a[i * PANEL + k]);
        STEP(a[i * PANEL + k + 1]);
        STEP(a[i * PANEL + k + 2]);
        STEP(a[i * PANEL + k + 3]);
      }
      a += a_stride;
    }
    for (long k = 0; k < length; k++) STEP(a[i * PANEL + k]);
  }
#undef STEP
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int p = 0; p < panels; p++)
      UNROLL for (int v = 0; v < VECTORS; v++)
        store(c + p * c_stride + i * PANEL + v * LANES, sums[i][p * VECTORS + v]);
}

typedef void tile_function(ck_start start, long length, const float *a, long a_stride, const float *b, long b_stride,
                           float *c, long c_stride, const float *bias);

#define TILE(rows, panels, transposed)                                                                           \
  static void tile_##rows##_##panels##_##transposed(ck_start start, long length, const float *a, long a_stride,  \
                                                    const float *b, long b_stride, float *c, long c_stride,      \
                                                    const float *bias) {                                         \
    switch (start) {                                                                                             \
    case CK_ZERO:                                                                                                \
      tile(rows, panels, transposed, CK_ZERO, length, a, a_stride, b, b_stride, c, c_stride, bias);              \
      break;                                                                                                     \
    case CK_ACCUMULATE:                                                                                          \
      tile(rows, panels, transposed, CK_ACCUMULATE, length, a, a_stride, b, b_stride, c, c_stride, bias);        \
      break;                                                                                                     \
    case CK_COLUMN_BIAS:                                                                                         \
      tile(rows, panels, transposed, CK_COLUMN_BIAS, length, a, a_stride, b, b_stride, c, c_stride, bias);       \
      break;                                                                                                     \
    case CK_ROW_BIAS:                                                                                            \
      tile(rows, panels, transposed, CK_ROW_BIAS, length, a, a_stride, b, b_stride, c, c_stride, bias);          \
      break;                                                                                                     \
    }                                                                                                            \
  }
#define TILES_UP_TO_6(panels, transposed)                                                                        \
  TILE(1, panels, transposed)                                                                                    \
  TILE(2, panels, transposed)                                                                                    \
  TILE(3, panels, transposed)                                                                                    \
  TILE(4, panels, transposed)                                                                                    \
  TILE(5, panels, transposed)                                                                                    \
  TILE(6, panels, transposed)
#define TILES_UP_TO_12(panels, transposed)                                                                       \
  TILES_UP_TO_6(panels, transposed)                                                                              \
  TILE(7, panels, transposed)                                                                                    \
  TILE(8, panels, transposed)                                                                                    \
  TILE(9, panels, transposed)                                                                                    \
  TILE(10, panels, transposed)                                                                                   \
  TILE(11, panels, transposed)                                                                                   \
  TILE(12, panels, transposed)
#define NAMES_UP_TO_6(panels, transposed)                                                                        \
  tile_1_##panels##_##transposed, tile_2_##panels##_##transposed, tile_3_##panels##_##transposed,                \
      tile_4_##panels##_##transposed, tile_5_##panels##_##transposed, tile_6_##panels##_##transposed
#define NAMES_UP_TO_12(panels, transposed)                                                                       \
  NAMES_UP_TO_6(panels, transposed), tile_7_##panels##_##transposed, tile_8_##panels##_##transposed,             \
      tile_9_##panels##_##transposed, tile_10_##panels##_##transposed, tile_11_##panels##_##transposed,          \
      tile_12_##panels##_##transposed

#if TILE_ROWS == 12
#define TILES TILES_UP_TO_12
#define NAMES NAMES_UP_TO_12
#else
#define TILES TILES_UP_TO_6
#define NAMES NAMES_UP_TO_6
#endif

TILES(1, 0)
TILES(1, 1)
#if TILE_PANELS == 2
TILES(2, 0)
TILES(2, 1)
#endif

/// By panels - 1, transposition, rows - 1.
static tile_function *const tile_functions[TILE_PANELS][2][TILE_ROWS] = {
    {{NAMES(1, 0)}, {NAMES(1, 1)}},
#if TILE_PANELS == 2
    {{NAMES(2, 0)}, {NAMES(2, 1)}},
#endif
};

/// Covers `count` rows with tiles of nearly equal height: 13 rows are 7 + 6, not 12 + 1.
INLINE long tile_height(long count, long *tiles) {
  *tiles = (count + TILE_ROWS - 1) / TILE_ROWS;
  return count / *tiles;
}

/// A block of rows that is reused while a pair of panels of B goes by: it fits the second-level cache with
/// BLOCK_LENGTH steps of the sum.
enum { BLOCK_ROWS = 96, BLOCK_LENGTH = 352 };

/// All rows [from, to) of C against one tile's width of panels, for one block of the sum.
INLINE void column_of_tiles(const ck_product *p, long from, long to, long panel, int panels, long k, long length,
                            ck_start start) {
  const float *b = p->b + panel * p->b_stride + k * PANEL;
  float *c = p->c + panel * p->c_stride;
  const float *bias = start == CK_COLUMN_BIAS ? p->bias + panel * PANEL : p->bias;
  tile_function *const *functions = tile_functions[panels - 1][p->a_transposed];
  while (from < to) {
    // A transposed operand's tile stays within one panel of A.
    long room = p->a_transposed && PANEL - from % PANEL < to - from ? PANEL - from % PANEL : to - from;
    long tiles, height = tile_height(room, &tiles), taller = room - height * tiles;
    for (long t = 0; t < tiles; t++) {
      long rows = height + (t < taller);
      const float *a = p->a_transposed ? p->a + from / PANEL * p->a_stride + k * PANEL + from % PANEL
                                       : p->a + k / PANEL * p->a_stride + from * PANEL;
      functions[rows - 1](start, length, a, p->a_stride, b, p->b_stride, c + from * PANEL, p->c_stride,
                          start == CK_ROW_BIAS ? bias + from : bias);
      from += rows;
    }
  }
}

static void multiply(const ck_product *p) {
  if (p->rows == 0 || p->panels == 0) return;
  long blocks = (p->length + BLOCK_LENGTH - 1) / BLOCK_LENGTH;
  if (blocks == 0) blocks = 1;
  long block_length = ((p->length + blocks - 1) / blocks + PANEL - 1) / PANEL * PANEL;
  for (long k = 0; k == 0 || k < p->length; k += block_length) {
    long length = p->length - k < block_length ? p->length - k : block_length;
    // Later blocks of a sum go on where the block before stored it: the chain stays one chain.
    ck_start start = k == 0 ? p->start : CK_ACCUMULATE;
    for (long row = 0; row < p->rows; row += BLOCK_ROWS) {
      long end = p->rows - row < BLOCK_ROWS ? p->rows : row + BLOCK_ROWS;
      for (long panel = 0; panel < p->panels; panel += TILE_PANELS) {
        int panels = p->panels - panel < TILE_PANELS ? 1 : TILE_PANELS;
        column_of_tiles(p, row, end, panel, panels, k, length, start);
      }
    }
    if (block_length == 0) break;
  }
}

// MARK: element-wise functions

INLINE vector select(integers condition, vector yes, vector no) {
  return __builtin_bit_cast(vector, (condition & __builtin_bit_cast(integers, yes)) |
                                        (~condition & __builtin_bit_cast(integers, no)));
}

INLINE vector power_of_two(integers n) { return __builtin_bit_cast(vector, (n + 127) << 23); }

INLINE vector exponential(vector x) {
  x = select(x < splat(EXP_LOWEST), splat(EXP_LOWEST), x);
  x = select(x > splat(EXP_HIGHEST), splat(EXP_HIGHEST), x);
  vector shifted = fma_vector(x, splat(LOG2_E), splat(ROUNDING_SHIFT));
  vector n = shifted - splat(ROUNDING_SHIFT);
  vector r = fma_vector(-n, splat(LN2_LOWER), fma_vector(-n, splat(LN2_UPPER), x));
  vector q = fma_vector(splat(EXP_6), r, splat(EXP_5));
  q = fma_vector(q, r, splat(EXP_4));
  q = fma_vector(q, r, splat(EXP_3));
  q = fma_vector(q, r, splat(EXP_2));
  vector p = fma_vector(r * r, q, r) + splat(1.0f);
  integers whole = __builtin_bit_cast(integers, shifted) - ROUNDING_SHIFT_BITS;
  integers half = whole >> 1;
  return p * power_of_two(half) * power_of_two(whole - half);
}

INLINE vector hyperbolic_tangent(vector x) {
  vector magnitude = __builtin_elementwise_abs(x);
  vector s = x * x;
  vector q = fma_vector(splat(TANH_5), s, splat(TANH_4));
  q = fma_vector(q, s, splat(TANH_3));
  q = fma_vector(q, s, splat(TANH_2));
  q = fma_vector(q, s, splat(TANH_1));
  vector small = fma_vector(s * x, q, x);
  vector bounded = select(magnitude > splat(TANH_LARGEST), splat(TANH_LARGEST), magnitude);
  vector large = splat(1.0f) - splat(2.0f) / (exponential(bounded + bounded) + splat(1.0f));
  return select(magnitude < splat(TANH_SWITCH), small, __builtin_elementwise_copysign(large, x));
}

INLINE vector logistic(vector x) {
  vector e = exponential(-__builtin_elementwise_abs(x));
  vector above = select(x < splat(0.0f), e, splat(1.0f));
  vector below = splat(1.0f) + e;
  vector inverse = splat(1.0f) / below;
  vector quotient = above * inverse;
  vector lost = e - (below - splat(1.0f));
  vector rest = fma_vector(-quotient, lost, fma_vector(-quotient, below, above));
  return fma_vector(rest, inverse, quotient);
}

INLINE vector value(const ck_function function, vector x) {
  switch (function) {
  case CK_TANH: return hyperbolic_tangent(x);
  case CK_RELU: return select(x > splat(0.0f), x, splat(0.0f));
  case CK_SIGMOID: return logistic(x);
  case CK_EXP: return exponential(x);
  }
}

INLINE vector gradient(const ck_function function, vector y, vector d) {
  switch (function) {
  case CK_TANH: return d * fma_vector(-y, y, splat(1.0f));
  case CK_RELU: return select(y > splat(0.0f), d, splat(0.0f));
  case CK_SIGMOID: return d * (y * (splat(1.0f) - y));
  case CK_EXP: return d * y;
  }
}

/// The last elements, fewer than a vector: padded with zeros, computed alike, cut again.
INLINE vector load_part(const float *p, long count) {
  float part[LANES] = {0};
  memcpy(part, p, (size_t)count * sizeof(float));
  return load(part);
}
INLINE void store_part(float *p, vector x, long count) {
  float part[LANES];
  store(part, x);
  memcpy(p, part, (size_t)count * sizeof(float));
}

INLINE void apply_constant(const ck_function function, const float *x, float *y, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store(y + i, value(function, load(x + i)));
  if (i < count) store_part(y + i, value(function, load_part(x + i, count - i)), count - i);
}

static void apply(ck_function function, const float *x, float *y, long count) {
  switch (function) {
  case CK_TANH: apply_constant(CK_TANH, x, y, count); break;
  case CK_RELU: apply_constant(CK_RELU, x, y, count); break;
  case CK_SIGMOID: apply_constant(CK_SIGMOID, x, y, count); break;
  case CK_EXP: apply_constant(CK_EXP, x, y, count); break;
  }
}

INLINE void gradient_constant(const ck_function function, const float *y, float *d, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store(d + i, gradient(function, load(y + i), load(d + i)));
  if (i < count) store_part(d + i, gradient(function, load_part(y + i, count - i), load_part(d + i, count - i)), count - i);
}

static void apply_gradient(ck_function function, const float *y, float *d, long count) {
  switch (function) {
  case CK_TANH: gradient_constant(CK_TANH, y, d, count); break;
  case CK_RELU: gradient_constant(CK_RELU, y, d, count); break;
  case CK_SIGMOID: gradient_constant(CK_SIGMOID, y, d, count); break;
  case CK_EXP: gradient_constant(CK_EXP, y, d, count); break;
  }
}

// MARK: gated cells

/// Counts are whole rows of panels, so there are no tails.

static void lstm(float *i, float *f, float *g, float *o, const float *c_before, float *c, float *tanh_c, float *h,
                 long count) {
  for (long k = 0; k < count; k += LANES) {
    vector in = value(CK_SIGMOID, load(i + k)), forget = value(CK_SIGMOID, load(f + k));
    vector candidate = value(CK_TANH, load(g + k)), out = value(CK_SIGMOID, load(o + k));
    vector cell = fma_vector(forget, load(c_before + k), in * candidate);
    vector squashed = value(CK_TANH, cell);
    store(i + k, in);
    store(f + k, forget);
    store(g + k, candidate);
    store(o + k, out);
    store(c + k, cell);
    store(tanh_c + k, squashed);
    store(h + k, out * squashed);
  }
}

INLINE vector sigmoid_slope(vector y) { return y * (splat(1.0f) - y); }
INLINE vector tanh_slope(vector y) { return fma_vector(-y, y, splat(1.0f)); }

static void lstm_gradient(float *i, float *f, float *g, float *o, const float *c_before, const float *tanh_c,
                          const float *dh, float *dc, long count) {
  for (long k = 0; k < count; k += LANES) {
    vector in = load(i + k), forget = load(f + k), candidate = load(g + k), out = load(o + k);
    vector squashed = load(tanh_c + k), up = load(dh + k);
    vector d = fma_vector(up * out, tanh_slope(squashed), load(dc + k));
    store(i + k, d * candidate * sigmoid_slope(in));
    store(f + k, d * load(c_before + k) * sigmoid_slope(forget));
    store(g + k, d * in * tanh_slope(candidate));
    store(o + k, up * squashed * sigmoid_slope(out));
    store(dc + k, d * forget);
  }
}

static void gru(float *r, float *z, float *n, const float *rh, const float *zh, const float *nh, const float *h_before,
                float *h, long count) {
  for (long k = 0; k < count; k += LANES) {
    vector reset = value(CK_SIGMOID, load(r + k) + load(rh + k)), update = value(CK_SIGMOID, load(z + k) + load(zh + k));
    vector candidate = value(CK_TANH, fma_vector(reset, load(nh + k), load(n + k)));
    store(r + k, reset);
    store(z + k, update);
    store(n + k, candidate);
    store(h + k, fma_vector(update, load(h_before + k) - candidate, candidate));
  }
}

static void gru_gradient(float *r, float *z, float *n, float *rh, float *zh, float *nh, const float *h_before,
                         const float *dh, float *dh_before, long count) {
  for (long k = 0; k < count; k += LANES) {
    vector reset = load(r + k), update = load(z + k), candidate = load(n + k), up = load(dh + k);
    vector dn = up * (splat(1.0f) - update) * tanh_slope(candidate);
    vector dz = up * (load(h_before + k) - candidate) * sigmoid_slope(update);
    vector dr = dn * load(nh + k) * sigmoid_slope(reset);
    if (dh_before) store(dh_before + k, fma_vector(up, update, load(dh_before + k)));
    store(nh + k, dn * reset);
    store(rh + k, dr);
    store(r + k, dr);
    store(zh + k, dz);
    store(z + k, dz);
    store(n + k, dn);
  }
}

// MARK: softmax and sums

static void softmax_chunk(float *panel, long rows, float *maximum, float *sum) {
  vector m[VECTORS], s[VECTORS];
  UNROLL for (int v = 0; v < VECTORS; v++) m[v] = splat(-INFINITY), s[v] = splat(0.0f);
  for (long i = 0; i < rows; i++)
    UNROLL for (int v = 0; v < VECTORS; v++) {
      vector x = load(panel + i * PANEL + v * LANES);
      m[v] = select(x > m[v], x, m[v]);
    }
  for (long i = 0; i < rows; i++)
    UNROLL for (int v = 0; v < VECTORS; v++) {
      vector x = exponential(load(panel + i * PANEL + v * LANES) - m[v]);
      store(panel + i * PANEL + v * LANES, x);
      s[v] += x;
    }
  UNROLL for (int v = 0; v < VECTORS; v++) store(maximum + v * LANES, m[v]), store(sum + v * LANES, s[v]);
}

static void scale_lanes(float *panel, long rows, const float *factor) {
  vector f[VECTORS];
  UNROLL for (int v = 0; v < VECTORS; v++) f[v] = load(factor + v * LANES);
  for (long i = 0; i < rows; i++)
    UNROLL for (int v = 0; v < VECTORS; v++) {
      float *p = panel + i * PANEL + v * LANES;
      store(p, load(p) * f[v]);
    }
}

static void add_rows(const float *panel, long rows, float *sum) {
  vector s[VECTORS];
  UNROLL for (int v = 0; v < VECTORS; v++) s[v] = load(sum + v * LANES);
  for (long i = 0; i < rows; i++)
    UNROLL for (int v = 0; v < VECTORS; v++) s[v] += load(panel + i * PANEL + v * LANES);
  UNROLL for (int v = 0; v < VECTORS; v++) store(sum + v * LANES, s[v]);
}

/// A whole panel row as one value, whatever the vector width: the compiler splits it where it must.
typedef float row16 __attribute__((ext_vector_type(16), aligned(4)));
typedef float row8 __attribute__((ext_vector_type(8)));
typedef float row4 __attribute__((ext_vector_type(4)));
typedef double wide16 __attribute__((ext_vector_type(16)));
typedef double wide8 __attribute__((ext_vector_type(8)));
typedef double wide4 __attribute__((ext_vector_type(4)));

static void add_lanes(const float *panel, long rows, float *sum) {
  for (long i = 0; i < rows; i++) {
    row16 x = *(const row16 *)(panel + i * PANEL);
    row8 eight = x.lo + x.hi;
    row4 four = eight.lo + eight.hi;
    sum[i] += (four.x + four.z) + (four.y + four.w);
  }
}

static double sum_of_squares(const float *x, long count) {
  wide16 chains = (wide16)(0.0);
  long i = 0;
  for (; i + PANEL <= count; i += PANEL) {
    wide16 y = __builtin_convertvector(*(const row16 *)(x + i), wide16);
    chains = __builtin_elementwise_fma(y, y, chains);
  }
  for (; i < count; i++) {
    double y = x[i];
    chains[i % PANEL] = __builtin_fma(y, y, chains[i % PANEL]);
  }
  wide8 eight = chains.lo + chains.hi;
  wide4 four = eight.lo + eight.hi;
  return (four.x + four.z) + (four.y + four.w);
}

static void transpose_block(const float *from, float *to) {
  // Four passes, each exchanging the off-diagonal quarters of blocks of half the size.
  row16 r[16], s[16];
  UNROLL for (int i = 0; i < 16; i++) r[i] = *(const row16 *)(from + i * PANEL);
#define LOWER_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define UPPER_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define LOWER_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define UPPER_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define LOWER_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define UPPER_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define LOWER_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define UPPER_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
#define EXCHANGE(x, y, size)                                                                                     \
  UNROLL for (int i = 0; i < 16; i++) y[i] = i & size                                                            \
      ? __builtin_shufflevector(x[i & ~size], x[i | size], UPPER_##size)                                         \
      : __builtin_shufflevector(x[i & ~size], x[i | size], LOWER_##size);
  EXCHANGE(r, s, 8)
  EXCHANGE(s, r, 4)
  EXCHANGE(r, s, 2)
  EXCHANGE(s, r, 1)
  UNROLL for (int i = 0; i < 16; i++) *(row16 *)(to + i * PANEL) = r[i];
}

#include "updates.h"

const ck_kernels TABLE = {
    NAME,           multiply,        apply, apply_gradient, lstm, lstm_gradient, gru, gru_gradient, softmax_chunk, scale_lanes, add_rows, add_lanes,
    sum_of_squares, transpose_block, update_sgd, update_rmsprop, update_adam,
};
