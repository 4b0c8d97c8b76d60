/// The portable table: plain loops, one element at a time. It runs where nothing better does, and it is the oracle that
/// the vector tables are compared with bit for bit.
#include <math.h>
#include <string.h>

#include "constants.h"
#include "tables.h"

// A product and a sum in one expression stay two roundings, on every processor; fusing is always written out.
#pragma STDC FP_CONTRACT OFF

static long at(long i, long j, long stride) {
  return j / CK_PANEL_WIDTH * stride + i * CK_PANEL_WIDTH + j % CK_PANEL_WIDTH;
}

static void multiply(const ck_product *p) {
  const long half = CK_PANEL_WIDTH / 2, computed = (p->columns + half - 1) / half * half;
  for (long i = 0; i < p->rows; i++) {
    for (long j = computed; j % CK_PANEL_WIDTH != 0; j++)
      if (p->start != CK_ACCUMULATE) p->c[at(i, j, p->c_stride)] = 0.0f;
    for (long j = 0; j < computed; j++) {
      float *c = p->c + at(i, j, p->c_stride);
      float sum = p->start == CK_ZERO          ? 0.0f
                  : p->start == CK_ACCUMULATE  ? *c
                  : p->start == CK_COLUMN_BIAS ? p->bias[j]
                                               : p->bias[i];
      for (long k = 0; k < p->length; k++) {
        float a = p->a_transposed ? p->a[at(k, i, p->a_stride)] : p->a[at(i, k, p->a_stride)];
        sum = fmaf(a, p->b[at(k, j, p->b_stride)], sum);
      }
      *c = sum;
    }
  }
}

static void multiply_vector(const float *a, long a_stride, long rows, long length, const float *x, long x_stride,
                            const float *bias, float *y) {
  for (long i = 0; i < rows; i++) {
    float sum = bias ? bias[i] : 0.0f;
    for (long k = 0; k < length; k++) sum = fmaf(a[at(i, k, a_stride)], x[at(0, k, x_stride)], sum);
    y[i] = sum;
  }
}

static float power_of_two(int32_t n) {
  uint32_t bits = (uint32_t)(n + 127) << 23;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

static float exponential(float x) {
  x = x < EXP_LOWEST ? EXP_LOWEST : x;
  x = x > EXP_HIGHEST ? EXP_HIGHEST : x;
  // Adding 1.5 * 2^23 leaves the sum rounded to a whole number, which stands in its lowest bits.
  float shifted = fmaf(x, LOG2_E, ROUNDING_SHIFT);
  float n = shifted - ROUNDING_SHIFT;
  float r = fmaf(-n, LN2_LOWER, fmaf(-n, LN2_UPPER, x));
  float q = fmaf(fmaf(fmaf(fmaf(EXP_6, r, EXP_5), r, EXP_4), r, EXP_3), r, EXP_2);
  float p = fmaf(r * r, q, r) + 1.0f;
  int32_t whole;
  memcpy(&whole, &shifted, sizeof whole);
  whole -= ROUNDING_SHIFT_BITS;
  // In two steps, so that results below the smallest normal number round once and none overflows too early.
  int32_t half = whole >> 1;
  return p * power_of_two(half) * power_of_two(whole - half);
}

static float hyperbolic_tangent(float x) {
  float magnitude = fabsf(x);
  float s = x * x;
  float q = fmaf(fmaf(fmaf(fmaf(TANH_5, s, TANH_4), s, TANH_3), s, TANH_2), s, TANH_1);
  float small = fmaf(s * x, q, x);
  float bounded = magnitude > TANH_LARGEST ? TANH_LARGEST : magnitude;
  float large = copysignf(1.0f - 2.0f / (exponential(bounded + bounded) + 1.0f), x);
  return magnitude < TANH_SWITCH ? small : large;
}

static float logistic(float x) {
  // e / (1 + e) or 1 / (1 + e) with e <= 1: nothing overflows, and results below the smallest normal number come out.
  float e = exponential(-fabsf(x));
  float above = x < 0.0f ? e : 1.0f;
  float below = 1.0f + e;
  float inverse = 1.0f / below;
  float quotient = above * inverse;
  // What the quotient leaves over, with what rounding 1 + e lost.
  float lost = e - (below - 1.0f);
  float rest = fmaf(-quotient, lost, fmaf(-quotient, below, above));
  return fmaf(rest, inverse, quotient);
}

static float value(ck_function function, float x) {
  switch (function) {
  case CK_TANH: return hyperbolic_tangent(x);
  case CK_RELU: return x <= 0.0f ? 0.0f : x;
  case CK_SIGMOID: return logistic(x);
  case CK_EXP: return exponential(x);
  }
}

static void apply(ck_function function, const float *x, float *y, long count) {
  for (long i = 0; i < count; i++) y[i] = value(function, x[i]);
}

static void apply_gradient(ck_function function, const float *y, float *d, long count) {
  for (long i = 0; i < count; i++) switch (function) {
    case CK_TANH: d[i] *= fmaf(-y[i], y[i], 1.0f); break;
    case CK_RELU: d[i] = y[i] <= 0.0f ? 0.0f : d[i]; break;
    case CK_SIGMOID: d[i] *= y[i] * (1.0f - y[i]); break;
    case CK_EXP: d[i] *= y[i]; break;
    }
}

static void lstm(float *i, float *f, float *g, float *o, const float *c_before, float *c, float *tanh_c, float *h,
                 long count) {
  for (long k = 0; k < count; k++) {
    i[k] = value(CK_SIGMOID, i[k]);
    f[k] = value(CK_SIGMOID, f[k]);
    g[k] = value(CK_TANH, g[k]);
    o[k] = value(CK_SIGMOID, o[k]);
    c[k] = fmaf(f[k], c_before[k], i[k] * g[k]);
    tanh_c[k] = value(CK_TANH, c[k]);
    h[k] = o[k] * tanh_c[k];
  }
}

static float sigmoid_slope(float y) { return y * (1.0f - y); }
static float tanh_slope(float y) { return fmaf(-y, y, 1.0f); }

static void lstm_gradient(float *i, float *f, float *g, float *o, const float *c_before, const float *tanh_c,
                          const float *dh, float *dc, long count) {
  for (long k = 0; k < count; k++) {
    float d = fmaf(dh[k] * o[k], tanh_slope(tanh_c[k]), dc[k]);
    float di = d * g[k] * sigmoid_slope(i[k]), df = d * c_before[k] * sigmoid_slope(f[k]);
    float dg = d * i[k] * tanh_slope(g[k]), dout = dh[k] * tanh_c[k] * sigmoid_slope(o[k]);
    dc[k] = d * f[k];
    i[k] = di;
    f[k] = df;
    g[k] = dg;
    o[k] = dout;
  }
}

static void gru(float *r, float *z, float *n, const float *rh, const float *zh, const float *nh, const float *h_before,
                float *h, long count) {
  for (long k = 0; k < count; k++) {
    r[k] = value(CK_SIGMOID, r[k] + rh[k]);
    z[k] = value(CK_SIGMOID, z[k] + zh[k]);
    n[k] = value(CK_TANH, fmaf(r[k], nh[k], n[k]));
    h[k] = fmaf(z[k], h_before[k] - n[k], n[k]);
  }
}

static void gru_gradient(float *r, float *z, float *n, float *rh, float *zh, float *nh, const float *h_before,
                         const float *dh, float *dh_before, long count) {
  for (long k = 0; k < count; k++) {
    float dn = dh[k] * (1.0f - z[k]) * tanh_slope(n[k]);
    float dz = dh[k] * (h_before[k] - n[k]) * sigmoid_slope(z[k]);
    float dr = dn * nh[k] * sigmoid_slope(r[k]);
    if (dh_before) dh_before[k] = fmaf(dh[k], z[k], dh_before[k]);
    nh[k] = dn * r[k];
    rh[k] = r[k] = dr;
    zh[k] = z[k] = dz;
    n[k] = dn;
  }
}

static void softmax_chunk(float *panel, long rows, float *maximum, float *sum) {
  for (int lane = 0; lane < CK_PANEL_WIDTH; lane++) {
    float m = -INFINITY, s = 0.0f;
    for (long i = 0; i < rows; i++) {
      float x = panel[i * CK_PANEL_WIDTH + lane];
      m = x > m ? x : m;
    }
    for (long i = 0; i < rows; i++) {
      float *x = panel + i * CK_PANEL_WIDTH + lane;
      *x = exponential(*x - m);
      s += *x;
    }
    maximum[lane] = m;
    sum[lane] = s;
  }
}

static void scale_lanes(float *panel, long rows, const float *factor, const float *ahead) {
  (void)ahead;
  for (long i = 0; i < rows; i++)
    for (int lane = 0; lane < CK_PANEL_WIDTH; lane++) panel[i * CK_PANEL_WIDTH + lane] *= factor[lane];
}

static void add_rows(const float *panel, long rows, float *sum) {
  for (long i = 0; i < rows; i++)
    for (int lane = 0; lane < CK_PANEL_WIDTH; lane++) sum[lane] += panel[i * CK_PANEL_WIDTH + lane];
}

static void add_lanes(const float *panel, long rows, float *sum, const float *ahead) {
  (void)ahead;
  for (long i = 0; i < rows; i++) {
    float x[CK_PANEL_WIDTH];
    memcpy(x, panel + i * CK_PANEL_WIDTH, sizeof x);
    for (int width = CK_PANEL_WIDTH / 2; width > 0; width /= 2)
      for (int lane = 0; lane < width; lane++) x[lane] += x[lane + width];
    sum[i] += x[0];
  }
}

static double sum_of_squares(const float *x, long count) {
  double chains[CK_PANEL_WIDTH] = {0};
  for (long i = 0; i < count; i++) chains[i % CK_PANEL_WIDTH] = fma(x[i], x[i], chains[i % CK_PANEL_WIDTH]);
  for (int width = CK_PANEL_WIDTH / 2; width > 0; width /= 2)
    for (int lane = 0; lane < width; lane++) chains[lane] += chains[lane + width];
  return chains[0];
}

static bool all_finite(const float *x, long count) {
  for (long i = 0; i < count; i++)
    if (!isfinite(x[i])) return false;
  return true;
}

static void transpose_block(const float *from, float *to) {
  for (int i = 0; i < CK_PANEL_WIDTH; i++)
    for (int j = 0; j < CK_PANEL_WIDTH; j++) to[j * CK_PANEL_WIDTH + i] = from[i * CK_PANEL_WIDTH + j];
}

const ck_kernels ck_portable = {
    .set = CK_PORTABLE,
    .name = "scalar",
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
