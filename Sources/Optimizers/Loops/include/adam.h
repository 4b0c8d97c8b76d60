/// Adam and AdamW as PyTorch's `optim.Adam` and `optim.AdamW` have them.
#pragma once

#include "ckernels.h"

typedef struct {
  /// What gradients are multiplied by first: the clipping factor.
  float gradient_scale;
  /// The learning rate times the first moment's correction, 1 / (1 - beta1^t).
  float corrected_rate;
  /// The second moment's correction, 1 / (1 - beta2^t).
  float correction2;
  /// Decays of both moments.
  float beta1, beta2;
  float epsilon;
  /// Weight decay that is added to the gradient, as `weight_decay * w`.
  float weight_decay;
  /// What weights are multiplied by beside the step, which is decoupled weight decay; else 1.
  float shrink;
} update_adam_settings;

void update_adam(ck_instruction_set set, const update_adam_settings *s, float *w, const float *g, float *moment1,
                 float *moment2, long count);
