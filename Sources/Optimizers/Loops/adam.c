#include "adam.h"

#include "every_set.h"

#pragma STDC FP_CONTRACT OFF

CK_LOOP void update_adam_loop(const update_adam_settings *s, float *w, const float *g, float *moment1, float *moment2,
                              long count) {
  const float scale = s->gradient_scale, rate = s->corrected_rate, epsilon = s->epsilon;
  const float kept1 = s->beta1, added1 = 1.0f - s->beta1, kept2 = s->beta2, added2 = 1.0f - s->beta2;
  const float correction2 = s->correction2, decay = s->weight_decay, shrink = s->shrink;
  for (long i = 0; i < count; i++) {
    float d = CK_FMA(decay, w[i], scale * g[i]);
    float m = CK_FMA(kept1, moment1[i], added1 * d);
    float v = CK_FMA(kept2, moment2[i], added2 * (d * d));
    moment1[i] = m;
    moment2[i] = v;
    w[i] = shrink * w[i] - rate * m / (__builtin_elementwise_sqrt(v * correction2) + epsilon);
  }
}

CK_EVERY_SET(update_adam, (s, w, g, moment1, moment2, count), const update_adam_settings *s, float *w, const float *g,
             float *moment1, float *moment2, long count)
