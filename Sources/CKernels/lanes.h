/// Softmax, sums and transposing over the 16 lanes of a panel: a part of template.h.

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
      // Nothing is above its maximum.
      vector x = exponential_below(load(panel + i * PANEL + v * LANES) - m[v]);
      store(panel + i * PANEL + v * LANES, x);
      s[v] += x;
    }
  UNROLL for (int v = 0; v < VECTORS; v++) store(maximum + v * LANES, m[v]), store(sum + v * LANES, s[v]);
}

static void scale_lanes(float *panel, long rows, const float *factor, const float *ahead) {
  vector f[VECTORS];
  UNROLL for (int v = 0; v < VECTORS; v++) f[v] = load(factor + v * LANES);
  for (long i = 0; i < rows; i++) {
    ck_prefetch_for_write(ahead + i * PANEL);
    UNROLL for (int v = 0; v < VECTORS; v++) {
      float *p = panel + i * PANEL + v * LANES;
      store(p, load(p) * f[v]);
    }
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

static void add_lanes(const float *panel, long rows, float *sum, const float *ahead) {
  for (long i = 0; i < rows; i++) {
    __builtin_prefetch(ahead + i * PANEL);
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

static bool all_finite(const float *x, long count) {
  // Zero times a number that isn't finite is NaN, and a sum with a NaN stays one.
  enum { CHAINS = 4 };
  vector chains[CHAINS];
  UNROLL for (int v = 0; v < CHAINS; v++) chains[v] = splat(0.0f);
  long i = 0;
  for (; i + CHAINS * LANES <= count; i += CHAINS * LANES)
    UNROLL for (int v = 0; v < CHAINS; v++) chains[v] = fma_vector(load(x + i + v * LANES), splat(0.0f), chains[v]);
  vector all = (chains[0] + chains[1]) + (chains[2] + chains[3]);
  float sum = 0.0f;
  for (int lane = 0; lane < LANES; lane++) sum += all[lane];
  for (; i < count; i++) sum += x[i] * 0.0f;
  return sum == 0.0f;
}

/// Transposes 16 rows of 16 in registers: four passes, each exchanging the off-diagonal quarters of blocks of half the size.
INLINE void transpose_rows(row16 r[16]) {
  row16 s[16];
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
}

static void transpose_block(const float *from, float *to) {
  row16 r[16];
  UNROLL for (int i = 0; i < 16; i++) r[i] = *(const row16 *)(from + i * PANEL);
  transpose_rows(r);
  UNROLL for (int i = 0; i < 16; i++) *(row16 *)(to + i * PANEL) = r[i];
}

/// Sixteen rows of A side by side: transposed on the way, each is one lane, and its chain goes over k in order. The memory
/// that A is read from is what takes the time.
INLINE void multiply_vector_rows(const float *a, long a_stride, long rows, long length, const float *x, long x_stride,
                                 row16 *y) {
  row16 sum = *y;
  for (; length > 0; length -= PANEL) {
    row16 r[16];
    UNROLL for (int i = 0; i < 16; i++) r[i] = i < rows ? *(const row16 *)(a + i * PANEL) : (row16)(0.0f);
    transpose_rows(r);
    if (length >= PANEL) {
      UNROLL for (int k = 0; k < PANEL; k++) sum = __builtin_elementwise_fma(r[k], (row16)(x[k]), sum);
    } else {
      UNROLL for (int k = 0; k < PANEL; k++) if (k < length) sum = __builtin_elementwise_fma(r[k], (row16)(x[k]), sum);
    }
    a += a_stride;
    x += x_stride;
  }
  *y = sum;
}

static void multiply_vector(const float *a, long a_stride, long rows, long length, const float *x, long x_stride,
                            const float *bias, float *y) {
  for (long first = 0; first < rows; first += PANEL) {
    long count = rows - first < PANEL ? rows - first : PANEL;
    float sums[PANEL] = {0};
    if (bias) memcpy(sums, bias + first, count * sizeof *bias);
    if (count == PANEL) multiply_vector_rows(a, a_stride, PANEL, length, x, x_stride, (row16 *)sums);
    else multiply_vector_rows(a, a_stride, count, length, x, x_stride, (row16 *)sums);
    memcpy(y + first, sums, count * sizeof *y);
    a += PANEL * PANEL;
  }
}
