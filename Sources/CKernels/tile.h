/// One register tile of a product: a part of products.h, which includes it for each type of vector.
///
///   TILE_FUNCTION     its name
///   VECTOR            what sums are kept in
///   VECTORS_OF_PANEL  how many of them a panel is

#define LANES_OF_VECTOR ((long)(sizeof(VECTOR) / sizeof(float)))

/// `rows`, `panels`, `transposed` and `start` are constants where this is called, so that the sums live in registers and no
/// branch is left.
///
/// `ahead` is where memory begins that is needed soon, as far apart as B's panels: a quarter of `length` lines of it are
/// fetched into the second-level cache on the way.
INLINE void TILE_FUNCTION(const int rows, const int panels, const bool transposed, const ck_start start, long length,
                          const float *a, long a_stride, const float *b, long b_stride, float *c, long c_stride,
                          const float *bias, const float *ahead) {
  VECTOR sums[MOST_ROWS][MOST_VECTORS];
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int p = 0; p < panels; p++)
      UNROLL for (int v = 0; v < VECTORS_OF_PANEL; v++) {
        VECTOR *sum = &sums[i][p * VECTORS_OF_PANEL + v];
        if (start == CK_ZERO) *sum = (VECTOR)(0.0f);
        else if (start == CK_ACCUMULATE)
          *sum = *(const VECTOR *)(c + p * c_stride + i * PANEL + v * LANES_OF_VECTOR);
        else if (start == CK_COLUMN_BIAS) *sum = *(const VECTOR *)(bias + p * PANEL + v * LANES_OF_VECTOR);
        else *sum = (VECTOR)(bias[i]);
      }
#define STEP(element)                                                                                            \
  {                                                                                                              \
    VECTOR right[MOST_VECTORS];                                                                                  \
    UNROLL for (int p = 0; p < panels; p++)                                                                      \
      UNROLL for (int v = 0; v < VECTORS_OF_PANEL; v++)                                                          \
        right[p * VECTORS_OF_PANEL + v] = *(const VECTOR *)(b + p * b_stride + v * LANES_OF_VECTOR);             \
    UNROLL for (int i = 0; i < rows; i++) {                                                                      \
      VECTOR left = (VECTOR)(element);                                                                           \
      UNROLL for (int v = 0; v < panels * VECTORS_OF_PANEL; v++)                                                 \
        sums[i][v] = __builtin_elementwise_fma(left, right[v], sums[i][v]);                                      \
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
      UNROLL for (int v = 0; v < VECTORS_OF_PANEL; v++)
        *(VECTOR *)(c + p * c_stride + i * PANEL + v * LANES_OF_VECTOR) = sums[i][p * VECTORS_OF_PANEL + v];
}

#undef TILE_FUNCTION
#undef VECTOR
#undef VECTORS_OF_PANEL
#undef LANES_OF_VECTOR
