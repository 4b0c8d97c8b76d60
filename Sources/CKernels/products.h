/// Matrix products by register tiles: a part of template.h.

/// Panels of a tile of one, two and three rows: wide enough that about eight sums hide the latency of a fused multiply-add,
/// and narrow enough that they stay in registers.
#define PANELS_OF_1 (8 / VECTORS)
#define PANELS_OF_2 (4 / VECTORS)
#if LANES == 16
#define PANELS_OF_3 4
#else
#define PANELS_OF_3 1
#endif

/// One register tile. `rows`, `panels`, `transposed` and `start` are constants where this is called, so that the sums live
/// in registers and no branch is left.
///
/// `ahead` is where memory begins that is needed soon, as far apart as B's panels: a quarter of `length` lines of it are
/// fetched into the second-level cache on the way.
INLINE void tile(const int rows, const int panels, const bool transposed, const ck_start start, long length,
                 const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride,
                 const float *bias, const float *ahead) {
  vector sums[TILE_ROWS][PANELS_OF_1 * VECTORS];
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
    vector right[PANELS_OF_1 * VECTORS];                                                                         \
    UNROLL for (int p = 0; p < panels; p++)                                                                      \
      UNROLL for (int v = 0; v < VECTORS; v++) right[p * VECTORS + v] = load(b + p * b_stride + v * LANES);      \
    UNROLL for (int i = 0; i < rows; i++) {                                                                      \
      vector left = splat(element);                                                                              \
      UNROLL for (int v = 0; v < panels * VECTORS; v++) sums[i][v] = fma_vector(left, right[v], sums[i][v]);     \
    }                                                                                                            \
    b += PANEL;                                                                                                  \
  }
#define AHEAD                                                                                                    \
  {                                                                                                              \
    UNROLL for (int p = 0; p < panels; p++) __builtin_prefetch(ahead + p * b_stride, 0, 2);                      \
    ahead += PANEL;                                                                                              \
  }
  if (transposed) {
    for (; length >= 4; length -= 4) {
      AHEAD
      STEP(a[i]);
      STEP(a[PANEL + i]);
      STEP(a[2 * PANEL + i]);
      STEP(a[3 * PANEL + i]);
      a += 4 * PANEL;
    }
    for (long k = 0; k < length; k++) STEP(a[k * PANEL + i]);
  } else {
    for (; length >= PANEL; length -= PANEL) {
      for (int k = 0; k < PANEL; k += 4) {
        AHEAD
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
#undef AHEAD
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int p = 0; p < panels; p++)
      UNROLL for (int v = 0; v < VECTORS; v++)
        store(c + p * c_stride + i * PANEL + v * LANES, sums[i][p * VECTORS + v]);
}

typedef void tile_function(ck_start start, long length, const float *a, long a_stride, const float *b, long b_stride,
                           float *c, long c_stride, const float *bias, const float *ahead);

#define CASE(rows, panels, transposed, start)                                                                    \
  case start:                                                                                                    \
    tile(rows, panels, transposed, start, length, a, a_stride, b, b_stride, c, c_stride, bias, ahead);           \
    break;
#define TILE(rows, panels, transposed)                                                                           \
  static void tile_##rows##_##panels##_##transposed(ck_start start, long length, const float *a, long a_stride,  \
                                                    const float *b, long b_stride, float *c, long c_stride,      \
                                                    const float *bias, const float *ahead) {                     \
    switch (start) {                                                                                             \
      CASE(rows, panels, transposed, CK_ZERO)                                                                    \
      CASE(rows, panels, transposed, CK_ACCUMULATE)                                                              \
      CASE(rows, panels, transposed, CK_COLUMN_BIAS)                                                             \
      CASE(rows, panels, transposed, CK_ROW_BIAS)                                                                \
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

TILE(1, PANELS_OF_1, 0)
TILE(2, PANELS_OF_2, 0)
TILE(3, PANELS_OF_3, 0)

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
  // While this panel of B serves all tiles from the first-level cache, the next one comes nearer.
  const float *next = panel + 2 * panels <= p->panels ? b + panels * p->b_stride : b, *ahead = next;
  while (from < to) {
    // A transposed operand's tile stays within one panel of A.
    long room = p->a_transposed && PANEL - from % PANEL < to - from ? PANEL - from % PANEL : to - from;
    long tiles, height = tile_height(room, &tiles), taller = room - height * tiles;
    for (long t = 0; t < tiles; t++) {
      long rows = height + (t < taller);
      const float *a = p->a_transposed ? p->a + from / PANEL * p->a_stride + k * PANEL + from % PANEL
                                       : p->a + k / PANEL * p->a_stride + from * PANEL;
      // The next tile begins with its C, which may be far away.
      if (start == CK_ACCUMULATE)
        for (int panel = 0; panel < panels; panel++)
          for (long row = from + rows; row < from + rows + TILE_ROWS; row++)
            __builtin_prefetch(c + panel * p->c_stride + row * PANEL, 1);
      functions[rows - 1](start, length, a, p->a_stride, b, p->b_stride, c + from * PANEL, p->c_stride,
                          start == CK_ROW_BIAS ? bias + from : bias, ahead);
      from += rows;
      ahead += length / 4 * PANEL;
      if (ahead > next + (length - length / 4) * PANEL) ahead = next;
    }
  }
}

/// A product of few rows, the first panels of which go side by side: it waits for no sum, only for B. Returns their number.
static long multiply_few_rows(const ck_product *p) {
  tile_function *const functions[] = {tile_1_PANELS_OF_1_0, tile_2_PANELS_OF_2_0, tile_3_PANELS_OF_3_0};
  const long widths[] = {PANELS_OF_1, PANELS_OF_2, PANELS_OF_3};
  const long width = widths[p->rows - 1];
  long panel = 0;
  for (; panel + width <= p->panels; panel += width)
    functions[p->rows - 1](p->start, p->length, p->a, p->a_stride, p->b + panel * p->b_stride, p->b_stride,
                           p->c + panel * p->c_stride, p->c_stride,
                           p->start == CK_COLUMN_BIAS ? p->bias + panel * PANEL : p->bias, p->b + panel * p->b_stride);
  return panel;
}

static void multiply(const ck_product *p) {
  if (p->rows == 0 || p->panels == 0) return;
  long first = p->rows <= 3 && !p->a_transposed ? multiply_few_rows(p) : 0;
  long blocks = (p->length + BLOCK_LENGTH - 1) / BLOCK_LENGTH;
  if (blocks == 0) blocks = 1;
  long block_length = ((p->length + blocks - 1) / blocks + PANEL - 1) / PANEL * PANEL;
  for (long k = 0; k == 0 || k < p->length; k += block_length) {
    long length = p->length - k < block_length ? p->length - k : block_length;
    // Later blocks of a sum go on where the block before stored it: the chain stays one chain.
    ck_start start = k == 0 ? p->start : CK_ACCUMULATE;
    for (long row = 0; row < p->rows; row += BLOCK_ROWS) {
      long end = p->rows - row < BLOCK_ROWS ? p->rows : row + BLOCK_ROWS;
      for (long panel = first; panel < p->panels; panel += TILE_PANELS) {
        int panels = p->panels - panel < TILE_PANELS ? 1 : TILE_PANELS;
        column_of_tiles(p, row, end, panel, panels, k, length, start);
      }
    }
    if (block_length == 0) break;
  }
}
