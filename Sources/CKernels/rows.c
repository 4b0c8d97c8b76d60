/// Gathering and summing rows of a panel: bound by memory, so one version serves every processor.
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
