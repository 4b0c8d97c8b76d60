/// The float kernels of the training step, one table of them for every instruction set.
///
/// Every matrix is stored in panels of 16 columns: element (i, j) is at
/// `base[(j / 16) * stride + i * 16 + j % 16]`, where `stride` is the panel's size in floats. A panel is what a
/// kernel wants as its right operand, so any matrix can be either operand of a product, as it is or transposed, without
/// being packed first.
///
/// All tables compute the same bits: an element of a product is one chain of fused multiply-adds over k in order, and
/// element-wise functions are the same sequence of correctly rounded operations whatever the vector width. The portable
/// table is the plain statement of what the others must equal.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { CK_PANEL_WIDTH = 16 };

/// What an element of a product starts from.
typedef enum {
  CK_ZERO,
  /// What the destination holds.
  CK_ACCUMULATE,
  /// `bias[j]`, the element's column.
  CK_COLUMN_BIAS,
  /// `bias[i]`, the element's row.
  CK_ROW_BIAS,
} ck_start;

/// C = start + A B, or C = start + transpose(A) B.
typedef struct {
  /// Rows of C, columns of C, and the length of the sum. In the last panel all 16 columns are computed, or, where no more are
  /// meant, the first 8: then the others are left alone where C is added to, and zeros otherwise.
  long rows, columns, length;
  /// [rows, length], or [length, rows] where transposed.
  const float *a;
  long a_stride;
  bool a_transposed;
  /// [length, columns]
  const float *b;
  long b_stride;
  /// [rows, columns]
  float *c;
  long c_stride;
  ck_start start;
  const float *bias;
} ck_product;

typedef enum { CK_TANH, CK_RELU, CK_SIGMOID, CK_EXP } ck_function;

/// The instruction sets that there are tables for.
typedef enum { CK_PORTABLE, CK_NEON, CK_AVX2, CK_AVX512 } ck_instruction_set;

/// One instruction set's kernels. Pointers need no alignment, counts may be any number from 0.
typedef struct {
  ck_instruction_set set;
  const char *name;

  void (*multiply)(const ck_product *product);
  /// y = bias + A x, or y = A x where there is no bias: each element the chain that `multiply` has for one column.
  /// A is [rows, length]; x is a row of a matrix in panels, `x_stride` floats from one to the next; y and bias are [rows].
  void (*multiply_vector)(const float *a, long a_stride, long rows, long length, const float *x, long x_stride,
                          const float *bias, float *y);

  /// y[i] = f(x[i]); in place where x == y.
  void (*apply)(ck_function function, const float *x, float *y, long count);
  /// d[i] *= f'(x) where y[i] = f(x); for tanh, relu and sigmoid.
  void (*apply_gradient)(ck_function function, const float *y, float *d, long count);

  /// The element-wise half of an LSTM's timestep, each argument [count], a multiple of 16: gates become their values in place,
  /// c = f c_before + i g, tanh_c = tanh(c), h = o tanh_c.
  void (*lstm)(float *i, float *f, float *g, float *o, const float *c_before, float *c, float *tanh_c, float *h,
               long count);
  /// Gates' values become dL/d pre-activations in place; dc goes in as dL/dc from the timestep after and comes out as
  /// that for the timestep before.
  void (*lstm_gradient)(float *i, float *f, float *g, float *o, const float *c_before, const float *tanh_c,
                        const float *dh, float *dc, long count);
  /// The element-wise half of a GRU's timestep, PyTorch's variant, each argument [count], a multiple of 16: r = s(r + rh), z = s(z + zh), n = tanh(n + r nh),
  /// h = (1 - z) n + z h_before; the gates r, z, n become their values in place.
  void (*gru)(float *r, float *z, float *n, const float *rh, const float *zh, const float *nh, const float *h_before,
              float *h, long count);
  /// Gates' values become dL/d pre-activations of the input's side in place, rh, zh, nh those of the recurrent side;
  /// dL/dh_before's direct part is added to dh_before, unless that is null.
  void (*gru_gradient)(float *r, float *z, float *n, float *rh, float *zh, float *nh, const float *h_before,
                       const float *dh, float *dh_before, long count);

  /// Softmax over the rows of one panel, the lanes side by side, a chunk of rows at a time: panel[i] becomes
  /// exp(panel[i] - maximum), with the chunk's maximum and the sum of the exponentials per lane.
  void (*softmax_chunk)(float *panel, long rows, float *maximum, float *sum);
  /// panel[i][lane] *= factor[lane]. Meanwhile as many rows are fetched from `ahead`, where the next ones to scale are; any
  /// address will do.
  void (*scale_lanes)(float *panel, long rows, const float *factor, const float *ahead);

  /// sum[lane] = panel[0][lane] + panel[1][lane] + ... from sum's own value on, in order.
  void (*add_rows)(const float *panel, long rows, float *sum);
  /// sum[i] += the sum over the 16 lanes of panel[i], halves added to halves. Meanwhile as many rows are fetched from `ahead`.
  void (*add_lanes)(const float *panel, long rows, float *sum, const float *ahead);

  /// The sum of x[i]^2 in double precision: 16 chains over i mod 16, halves added to halves.
  double (*sum_of_squares)(const float *x, long count);

  /// Whether no x[i] is infinite or NaN.
  bool (*all_finite)(const float *x, long count);

  /// to[j][i] = from[i][j] for one block of 16 by 16; rows of both are 16 floats apart.
  void (*transpose_block)(const float *from, float *to);
} ck_kernels;

/// The tables that this machine can run, the fastest first, the portable one last.
/// Returns their number, at most 4.
int ck_available(const ck_kernels **tables);

/// Rows of a chunk of softmax_chunk: the same everywhere, since it fixes the order of a sum.
enum { CK_SOFTMAX_CHUNK = 96 };

/// Tells the processor that this thread spins.
static inline void ck_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Has a line of cache fetched that is going to be written soon, so that no other core has it by then; any address will do.
static inline void ck_prefetch_for_write(const float *memory) {
#if defined(__x86_64__)
  // What the compiler makes of __builtin_prefetch leaves the line with the others, unless it is told of a feature that all but
  // the very first processors of 64 bits have.
  __asm__ volatile("prefetchw %0" : : "m"(*memory));
#else
  __builtin_prefetch(memory, 1);
#endif
}

// Movements of rows of 16 floats, the same code for every instruction set.

/// to[i] = from[index[i]].
void ck_gather_rows(const float *from, const int32_t *index, long count, float *to);
/// to[i] = the sum of from[index[start[i]]] ... from[index[start[i + 1] - 1]], in this order.
void ck_sum_rows(const float *from, const int32_t *index, const int32_t *start, long count, float *to);
/// to[index[i]] += from[i], i after i; to[i] += from[i] where there is no index.
void ck_add_to_rows(const float *from, const int32_t *index, long count, float *to);

// Random numbers; see Philox.swift.

/// Which numbers: a key (the seed), and the upper words of the counter.
typedef struct {
  uint32_t key[2];
  uint32_t purpose, step;
} ck_random;

/// Numbers first to first + count, uniform in [0, 1): number i is word i % 4 of block i / 4. `first` is a multiple of 4.
void ck_uniforms(const ck_random *random, uint64_t first, long count, float *numbers);
/// Numbers first to first + count from the standard normal distribution: number i is the sum of the twelve words of blocks
/// 3 i to 3 i + 2 as uniform numbers, from -6 on.
void ck_normals(const ck_random *random, uint64_t first, long count, float *numbers);

/// What decides which elements of one panel are dropped.
typedef struct {
  ck_random random;
  /// Below 256, and below 2^23.
  uint32_t place, panel;
  /// Elements dropped, in 65,536.
  uint32_t threshold;
} ck_drop;

/// Dropout: rows first to first + count of `to` become those of `from`, each element either zero or scaled up so that
/// expectations stay. An element's fate is a function of `drop`, its lane, and its row's number or, where given, identity:
/// element k of a row is dropped if the k % 8-th half word, lower halves first, of block
/// (identity, place << 24 | panel << 1 | k / 8) is below the threshold.
void ck_drop_rows(const ck_drop *drop, const float *from, long first, long count, const int32_t *identity, float *to);
