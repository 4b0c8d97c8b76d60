/// RMSProp as PyTorch's `optim.RMSprop` has it.
#pragma once

#include "ckernels.h"

typedef struct {
  /// What gradients are multiplied by first: the clipping factor.
  float gradient_scale;
  float learning_rate;
  /// squares = alpha * squares + (1 - alpha) * g^2.
  float alpha;
  float epsilon;
} update_rmsprop_settings;

void update_rmsprop(ck_instruction_set set, const update_rmsprop_settings *s, float *w, const float *g, float *squares,
                    long count);
