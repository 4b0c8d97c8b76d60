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

/// Half a panel as one value, whatever the vector width: what is computed of a last panel that has no more columns.
typedef float half_row __attribute__((ext_vector_type(PANEL / 2), aligned(4)));

/// Of any tile.
enum { MOST_ROWS = 12, MOST_VECTORS = 8 };

#define TILE_FUNCTION tile
#define VECTOR vector
#define VECTORS_OF_PANEL VECTORS
#include "tile.h"

#define TILE_FUNCTION half_tile
#define VECTOR half_row
#define VECTORS_OF_PANEL 1
#include "tile.h"

typedef void tile_function(ck_start start, long length, const float *a, long a_stride, const float *b, long b_stride,
                           float *c, long c_stride, const float *bias, const float *ahead);

/// In place of a number of panels: half a panel.
enum { half = 0 };

#define CASE(rows, panels, transposed, start)                                                                    \
  case start:                                                                                                    \
    if (panels == half)                                                                                          \
      half_tile(rows, 1, transposed, start, length, a, a_stride, b, b_stride, c, c_stride, bias, ahead);         \
    else tile(rows, panels, transposed, start, length, a, a_stride, b, b_stride, c, c_stride, bias, ahead);      \
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

TILES_UP_TO_12(half, 0)
TILES_UP_TO_12(half, 1)

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

/// Those of half a panel.
static tile_function *const half_functions[2][MOST_ROWS] = {{NAMES_UP_TO_12(half, 0)}, {NAMES_UP_TO_12(half, 1)}};

/// Panels of C that tiles go down side by side, or half a panel.
typedef struct {
  long first;
  int panels;
  bool is_half;
} column;

INLINE long panels_of(const ck_product *p) { return (p->columns + PANEL - 1) / PANEL; }
/// All but a last one of which half is computed.
INLINE long whole_panels(const ck_product *p) { return (p->columns + PANEL / 2 - 1) / PANEL; }

INLINE column column_at(const ck_product *p, long panel) {
  long left = whole_panels(p) - panel;
  return left > 0 ? (column){panel, left < TILE_PANELS ? 1 : TILE_PANELS, false} : (column){panel, 1, true};
}

/// Covers `count` rows with tiles of nearly equal height: 13 rows are 7 + 6, not 12 + 1.
INLINE long tile_height(long count, long most, long *tiles) {
  *tiles = (count + most - 1) / most;
  return count / *tiles;
}

/// A block of rows that is reused while a pair of panels of B goes by: it fits the second-level cache with
/// BLOCK_LENGTH steps of the sum.
enum { BLOCK_ROWS = 96, BLOCK_LENGTH = 352 };

/// All rows [from, to) of C against one tile's width of panels, for one block of the sum.
INLINE void column_of_tiles(const ck_product *p, long from, long to, column column, long k, long length, ck_start start) {
  const int panels = column.panels;
  const float *b = p->b + column.first * p->b_stride + k * PANEL;
  float *c = p->c + column.first * p->c_stride;
  const float *bias = start == CK_COLUMN_BIAS ? p->bias + column.first * PANEL : p->bias;
  tile_function *const *functions =
      column.is_half ? half_functions[p->a_transposed] : tile_functions[panels - 1][p->a_transposed];
  const long most = column.is_half ? MOST_ROWS : TILE_ROWS;
  // While this panel of B serves all tiles from the first-level cache, the next one comes nearer.
  const float *next = column.first + 2 * panels <= panels_of(p) ? b + panels * p->b_stride : b, *ahead = next;
  while (from < to) {
    // A transposed operand's tile stays within one panel of A.
    long room = p->a_transposed && PANEL - from % PANEL < to - from ? PANEL - from % PANEL : to - from;
    long tiles, height = tile_height(room, most, &tiles), taller = room - height * tiles;
    for (long t = 0; t < tiles; t++) {
      long rows = height + (t < taller);
      const float *a = p->a_transposed ? p->a + from / PANEL * p->a_stride + k * PANEL + from % PANEL
                                       : p->a + k / PANEL * p->a_stride + from * PANEL;
      // The next tile begins with its C, which may be far away.
      if (start == CK_ACCUMULATE)
        for (int panel = 0; panel < panels; panel++)
          for (long row = from + rows; row < from + rows + most; row++)
            ck_prefetch_for_write(c + panel * p->c_stride + row * PANEL);
      functions[rows - 1](start, length, a, p->a_stride, b, p->b_stride, c + from * PANEL, p->c_stride,
                          start == CK_ROW_BIAS ? bias + from : bias, ahead);
      if (column.is_half && start != CK_ACCUMULATE)
        for (long row = from; row < from + rows; row++)
          memset(c + row * PANEL + PANEL / 2, 0, PANEL / 2 * sizeof *c);
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
  for (; panel + width <= whole_panels(p); panel += width)
    functions[p->rows - 1](p->start, p->length, p->a, p->a_stride, p->b + panel * p->b_stride, p->b_stride,
                           p->c + panel * p->c_stride, p->c_stride,
                           p->start == CK_COLUMN_BIAS ? p->bias + panel * PANEL : p->bias, p->b + panel * p->b_stride);
  return panel;
}

static void multiply(const ck_product *p) {
  if (p->rows == 0 || p->columns == 0) return;
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
      for (column column = column_at(p, first); column.first < panels_of(p);
           column = column_at(p, column.first + column.panels))
        column_of_tiles(p, row, end, column, k, length, start);
    }
    if (block_length == 0) break;
  }
}
