/// Gathering, summing and masking rows of a panel: bound by memory, so one version serves every processor.
#include <string.h>

#include "ckernels.h"

void ck_gather_rows(const float *from, const int32_t *index, long count, float *to) {
  for (long i = 0; i < count; i++)
    memcpy(to + i * CK_PANEL_WIDTH, from + (long)index[i] * CK_PANEL_WIDTH, CK_PANEL_WIDTH * sizeof(float));
}

void ck_sum_rows(const float *from, const int32_t *index, const int32_t *start, long count, float *to) {
  for (long i = 0; i < count; i++) {
    float sum[CK_PANEL_WIDTH] = {0};
    for (int32_t k = start[i]; k < start[i + 1]; k++) {
      const float *row = from + (long)index[k] * CK_PANEL_WIDTH;
      for (int lane = 0; lane < CK_PANEL_WIDTH; lane++) sum[lane] += row[lane];
    }
    memcpy(to + i * CK_PANEL_WIDTH, sum, sizeof sum);
  }
}

void ck_add_to_rows(const float *from, const int32_t *index, long count, float *to) {
  for (long i = 0; i < count; i++) {
    float *row = to + (index ? (long)index[i] : i) * CK_PANEL_WIDTH;
    for (int lane = 0; lane < CK_PANEL_WIDTH; lane++) row[lane] += from[i * CK_PANEL_WIDTH + lane];
  }
}

/// Philox 4x32-10; see Philox.swift, which has the source and the same bits.
static void philox(uint32_t counter[4], uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; round++) {
    uint64_t product0 = (uint64_t)0xD2511F53u * counter[0];
    uint64_t product1 = (uint64_t)0xCD9E8D57u * counter[2];
    counter[0] = (uint32_t)(product1 >> 32) ^ counter[1] ^ key0;
    counter[1] = (uint32_t)product1;
    counter[2] = (uint32_t)(product0 >> 32) ^ counter[3] ^ key1;
    counter[3] = (uint32_t)product0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

void ck_drop_rows(const ck_drop *drop, const float *from, long first, long count, const int32_t *identity,
                  float *to) {
  // The kept elements make up for the dropped ones, exactly as many in 65,536 as the threshold says.
  const float scale = 65536.0f / (float)(65536 - (int)drop->threshold);
  for (long row = first; row < first + count; row++) {
    const float *x = from + row * CK_PANEL_WIDTH;
    float *y = to + row * CK_PANEL_WIDTH;
    for (uint32_t half = 0; half < 2; half++) {
      uint32_t words[4] = {(uint32_t)(identity ? identity[row] : row), drop->place << 24 | drop->panel << 1 | half,
                           drop->step, drop->purpose};
      philox(words, drop->key[0], drop->key[1]);
      for (int lane = 0; lane < 8; lane++) {
        uint32_t drawn = words[lane / 2] >> (lane % 2 * 16) & 0xFFFF;
        y[half * 8 + lane] = drawn < drop->threshold ? 0.0f : x[half * 8 + lane] * scale;
      }
    }
  }
}
