/// Compares every kernel table that the processor can run with the portable one, bit for bit, on a spread of sizes.
///
/// A small program without Swift, so that a table for another processor can be tested in an emulator: see run.sh. The
/// full tests are Swift's, on a machine of that kind.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adam.h"
#include "ckernels.h"
#include "rmsprop.h"
#include "sgd.h"

enum { ROWS = 100, PANELS = 5, LENGTH = 720, MOST = 80 * 1024 };

static const ck_kernels *portable, *table;
static int faults;

static void expect(bool holds, const char *what, long a, long b, long c) {
  if (holds) return;
  faults++;
  printf("%s: %s differs at %ld, %ld, %ld\n", table->name, what, a, b, c);
}

/// A number in [-1, 1) from a linear congruential sequence.
static float draw(void) {
  static uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (float)(int32_t)(state >> 32) * 0x1p-31f;
}

static void fill(float *x, long count, float scale) {
  for (long i = 0; i < count; i++) x[i] = draw() * scale;
}

/// Equality to the bit, or a NaN on both sides.
static bool same(const float *x, const float *y, long count) {
  for (long i = 0; i < count; i++)
    if (memcmp(x + i, y + i, sizeof *x) != 0 && !(isnan(x[i]) && isnan(y[i]))) return false;
  return true;
}

static float a[MOST], b[MOST], c[MOST], d[MOST], e[MOST], bias[LENGTH];

static void compare_product(long rows, long columns, long length, ck_start start, bool transposed) {
  ck_product product = {
      .rows = rows, .columns = columns, .length = length, .a = a, .a_stride = (transposed ? LENGTH : ROWS) * CK_PANEL_WIDTH,
      .a_transposed = transposed, .b = b, .b_stride = LENGTH * CK_PANEL_WIDTH, .c = c,
      .c_stride = ROWS * CK_PANEL_WIDTH, .start = start, .bias = bias,
  };
  fill(c, ROWS * PANELS * CK_PANEL_WIDTH, 1);
  memcpy(d, c, sizeof d);
  table->multiply(&product);
  product.c = d;
  portable->multiply(&product);
  expect(same(c, d, MOST), transposed ? "product with a transposed operand" : "product", rows, columns, length);
}

static void compare_products(void) {
  static const long lengths[] = {0, 1, 2, 3, 15, 16, 17, 31, 33, 70, 352, 353, 705};
  static const long rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 17, 18, 19, 70, 96, 97};
  fill(a, MOST, 1), fill(b, MOST, 1), fill(bias, LENGTH, 1);
  for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
      for (long columns = 8; columns <= PANELS * CK_PANEL_WIDTH; columns += 8)
        for (int start = CK_ZERO; start <= CK_ROW_BIAS; start++) {
          compare_product(rows[r], columns, lengths[l], start, false);
          compare_product(rows[r], columns, lengths[l], start, true);
        }
}

static void compare_vectors(void) {
  fill(a, MOST, 1), fill(b, MOST, 1), fill(bias, LENGTH, 1);
  for (long rows = 0; rows <= 70; rows++)
    for (long length = 0; length <= 70; length++)
      for (int biased = 0; biased <= 1; biased++) {
        fill(c, 128, 1);
        memcpy(d, c, sizeof d);
        table->multiply_vector(a, ROWS * CK_PANEL_WIDTH, rows, length, b, LENGTH * CK_PANEL_WIDTH, biased ? bias : NULL, c);
        portable->multiply_vector(a, ROWS * CK_PANEL_WIDTH, rows, length, b, LENGTH * CK_PANEL_WIDTH, biased ? bias : NULL, d);
        expect(same(c, d, 128), "product with a vector", rows, length, biased);
      }
}

static void compare_functions(void) {
  for (ck_function function = CK_TANH; function <= CK_EXP; function++) {
    // A spread over all bit patterns, then all counts with their tails.
    for (uint64_t bits = 0; bits < (uint64_t)1 << 32;) {
      long count = 0;
      for (; count < MOST && bits < (uint64_t)1 << 32; count++, bits += 16411) {
        uint32_t pattern = (uint32_t)bits;
        memcpy(a + count, &pattern, sizeof pattern);
      }
      table->apply(function, a, c, count);
      portable->apply(function, a, d, count);
      expect(same(c, d, count), "function", function, (long)bits, count);
    }
    for (long count = 0; count <= 70; count++) {
      fill(a, 128, 4), fill(c, 128, 1);
      memcpy(d, c, sizeof d);
      table->apply(function, a, c, count);
      portable->apply(function, a, d, count);
      expect(same(c, d, 128), "function's tail", function, count, 0);
      memcpy(e, c, sizeof e);
      table->apply_gradient(function, a, c, count);
      portable->apply_gradient(function, a, e, count);
      expect(same(c, e, 128), "gradient", function, count, 0);
    }
  }
}

static void compare_lanes(void) {
  float maximum[2][CK_PANEL_WIDTH], sum[2][CK_PANEL_WIDTH];
  for (long rows = 0; rows <= 97; rows++) {
    long count = rows * CK_PANEL_WIDTH;
    fill(a, count, 20);
    memcpy(c, a, sizeof c), memcpy(d, a, sizeof d);
    table->softmax_chunk(c, rows, maximum[0], sum[0]);
    portable->softmax_chunk(d, rows, maximum[1], sum[1]);
    expect(same(c, d, count) && same(maximum[0], maximum[1], CK_PANEL_WIDTH) && same(sum[0], sum[1], CK_PANEL_WIDTH),
           "softmax", rows, 0, 0);
    table->scale_lanes(c, rows, sum[0], c);
    portable->scale_lanes(d, rows, sum[1], d);
    expect(same(c, d, count), "scaling", rows, 0, 0);
    table->add_rows(a, rows, sum[0]);
    portable->add_rows(a, rows, sum[1]);
    expect(same(sum[0], sum[1], CK_PANEL_WIDTH), "sum of rows", rows, 0, 0);
    fill(c, rows, 1);
    memcpy(d, c, sizeof d);
    table->add_lanes(a, rows, c, a);
    portable->add_lanes(a, rows, d, a);
    expect(same(c, d, rows), "sum of lanes", rows, 0, 0);
    double squares = table->sum_of_squares(a, count + rows % 16), others = portable->sum_of_squares(a, count + rows % 16);
    expect(memcmp(&squares, &others, sizeof squares) == 0, "sum of squares", rows, 0, 0);
  }
  for (long count = 0; count <= 140; count++) {
    fill(a, count, 1e38f);
    expect(table->all_finite(a, count), "finiteness", count, -1, 0);
    for (long place = 0; place < count; place++) {
      float number = a[place];
      a[place] = place % 2 ? NAN : INFINITY;
      expect(!table->all_finite(a, count), "finiteness", count, place, 0);
      a[place] = number;
    }
  }
  table->transpose_block(b, c);
  portable->transpose_block(b, d);
  expect(same(c, d, CK_PANEL_WIDTH * CK_PANEL_WIDTH), "transposition", 0, 0, 0);
}

/// Gradients, and copies of weights and states for both tables.
static void start_update(long count) {
  fill(a, count, 5);
  for (long i = 0; i < 3 * count; i++) c[i] = draw() * 0.5f + 0.6f;
  memcpy(d, c, sizeof d);
}

static void compare_updates(void) {
  for (long count = 0; count <= 70; count++)
    for (int variant = 0; variant < 4; variant++) {
      update_sgd_settings sgd = {.gradient_scale = 0.75f, .learning_rate = 0.03f, .momentum = 0.9f,
                                 .nesterov = variant & 1, .weight_decay = 0.01f};
      start_update(count);
      update_sgd(table->set, &sgd, c, a, variant & 2 ? c + count : NULL, count);
      update_sgd(portable->set, &sgd, d, a, variant & 2 ? d + count : NULL, count);
      expect(same(c, d, 3 * count), "SGD", count, variant, 0);
      update_rmsprop_settings rmsprop = {.gradient_scale = 0.75f, .learning_rate = 0.03f, .alpha = 0.99f,
                                         .epsilon = 1e-8f};
      start_update(count);
      update_rmsprop(table->set, &rmsprop, c, a, c + count, count);
      update_rmsprop(portable->set, &rmsprop, d, a, d + count, count);
      expect(same(c, d, 3 * count), "RMSProp", count, variant, 0);
      update_adam_settings adam = {.gradient_scale = 0.75f, .corrected_rate = 0.11f, .correction2 = 333.7f,
                                   .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f,
                                   .weight_decay = variant & 1 ? 0.01f : 0.0f, .shrink = variant & 2 ? 0.99f : 1.0f};
      start_update(count);
      update_adam(table->set, &adam, c, a, c + count, c + 2 * count, count);
      update_adam(portable->set, &adam, d, a, d + count, d + 2 * count, count);
      expect(same(c, d, 3 * count), "Adam", count, variant, 0);
    }
}

int main(void) {
  const ck_kernels *tables[4];
  int count = ck_available(tables);
  portable = tables[count - 1];
  if (count == 1) return printf("this processor has the portable table alone: nothing to compare\n"), EXIT_FAILURE;
  for (int i = 0; i < count - 1; i++) {
    table = tables[i];
    compare_products();
    compare_vectors();
    compare_functions();
    compare_lanes();
    compare_updates();
    printf("%s: compared with %s\n", table->name, portable->name);
  }
  return faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
