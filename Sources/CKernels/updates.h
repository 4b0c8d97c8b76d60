/// The optimizers' updates, element by element, included once by every table: the compiler makes vectors of these loops,
/// which changes no bit, since no element depends on another and every fused operation is written out.
///
/// FMA(a, b, c) is a * b + c with one rounding. Formulas as in PyTorch's optimizers.

#include <stddef.h>

#define FMA(a, b, c) __builtin_fmaf(a, b, c)

/// velocity may be null where there is no momentum.
static void update_sgd(const ck_update *u, float *w, const float *g, float *velocity, long count) {
  const float scale = u->gradient_scale, rate = u->learning_rate, decay = u->weight_decay, momentum = u->momentum;
  if (velocity == NULL) {
    for (long i = 0; i < count; i++) {
      float d = FMA(decay, w[i], scale * g[i]);
      w[i] = FMA(-rate, d, w[i]);
    }
  } else if (u->nesterov) {
    for (long i = 0; i < count; i++) {
      float d = FMA(decay, w[i], scale * g[i]);
      float v = FMA(momentum, velocity[i], d);
      velocity[i] = v;
      w[i] = FMA(-rate, FMA(momentum, v, d), w[i]);
    }
  } else {
    for (long i = 0; i < count; i++) {
      float d = FMA(decay, w[i], scale * g[i]);
      float v = FMA(momentum, velocity[i], d);
      velocity[i] = v;
      w[i] = FMA(-rate, v, w[i]);
    }
  }
}

static void update_rmsprop(const ck_update *u, float *w, const float *g, float *squares, long count) {
  const float scale = u->gradient_scale, rate = u->learning_rate, decay = u->weight_decay;
  const float kept = u->decay, added = 1.0f - u->decay, epsilon = u->epsilon;
  for (long i = 0; i < count; i++) {
    float d = FMA(decay, w[i], scale * g[i]);
    float s = FMA(kept, squares[i], added * (d * d));
    squares[i] = s;
    w[i] = w[i] - rate * d / (__builtin_elementwise_sqrt(s) + epsilon);
  }
}

static void update_adam(const ck_update *u, float *w, const float *g, float *moment1, float *moment2, long count) {
  const float scale = u->gradient_scale, rate = u->learning_rate, epsilon = u->epsilon;
  const float kept1 = u->beta1, added1 = 1.0f - u->beta1, kept2 = u->beta2, added2 = 1.0f - u->beta2;
  const float corrected_rate = rate * u->correction1, correction2 = u->correction2;
  // L2 goes into the gradient, decoupled decay (AdamW) straight into the weight.
  const float coupled = u->decoupled ? 0.0f : u->weight_decay;
  const float shrink = u->decoupled ? 1.0f - rate * u->weight_decay : 1.0f;
  for (long i = 0; i < count; i++) {
    float d = FMA(coupled, w[i], scale * g[i]);
    float m = FMA(kept1, moment1[i], added1 * d);
    float v = FMA(kept2, moment2[i], added2 * (d * d));
    moment1[i] = m;
    moment2[i] = v;
    w[i] = shrink * w[i] - corrected_rate * m / (__builtin_elementwise_sqrt(v * correction2) + epsilon);
  }
}
