/// Stochastic gradient descent as PyTorch's `optim.SGD` has it.
#pragma once

#include "ckernels.h"

typedef struct {
  /// What gradients are multiplied by first: the clipping factor.
  float gradient_scale;
  float learning_rate;
  /// velocity = momentum * velocity + g.
  float momentum;
  bool nesterov;
  /// Added to the gradient as `weight_decay * w`.
  float weight_decay;
} update_sgd_settings;

/// - velocity: null where there is no momentum.
void update_sgd(ck_instruction_set set, const update_sgd_settings *s, float *w, const float *g, float *velocity,
                long count);
