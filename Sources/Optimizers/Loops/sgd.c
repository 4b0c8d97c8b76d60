#include "sgd.h"

#include <stddef.h>

#include "every_set.h"

#pragma STDC FP_CONTRACT OFF

CK_LOOP void update_sgd_loop(const update_sgd_settings *s, float *w, const float *g, float *velocity, long count) {
  const float scale = s->gradient_scale, rate = s->learning_rate, decay = s->weight_decay, momentum = s->momentum;
  if (velocity == NULL) {
    for (long i = 0; i < count; i++) {
      float d = CK_FMA(decay, w[i], scale * g[i]);
      w[i] = CK_FMA(-rate, d, w[i]);
    }
  } else if (s->nesterov) {
    for (long i = 0; i < count; i++) {
      float d = CK_FMA(decay, w[i], scale * g[i]);
      float v = CK_FMA(momentum, velocity[i], d);
      velocity[i] = v;
      w[i] = CK_FMA(-rate, CK_FMA(momentum, v, d), w[i]);
    }
  } else {
    for (long i = 0; i < count; i++) {
      float d = CK_FMA(decay, w[i], scale * g[i]);
      float v = CK_FMA(momentum, velocity[i], d);
      velocity[i] = v;
      w[i] = CK_FMA(-rate, v, w[i]);
    }
  }
}

CK_EVERY_SET(update_sgd, (s, w, g, velocity, count), const update_sgd_settings *s, float *w, const float *g,
             float *velocity, long count)
