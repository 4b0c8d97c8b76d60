#include "rmsprop.h"

#include "every_set.h"

#pragma STDC FP_CONTRACT OFF

CK_LOOP void update_rmsprop_loop(const update_rmsprop_settings *s, float *w, const float *g, float *squares,
                                 long count) {
  const float scale = s->gradient_scale, rate = s->learning_rate, epsilon = s->epsilon;
  const float kept = s->alpha, added = 1.0f - s->alpha;
  for (long i = 0; i < count; i++) {
    float d = scale * g[i];
    float mean = CK_FMA(kept, squares[i], added * (d * d));
    squares[i] = mean;
    w[i] = w[i] - rate * d / (__builtin_elementwise_sqrt(mean) + epsilon);
  }
}

CK_EVERY_SET(update_rmsprop, (s, w, g, squares, count), const update_rmsprop_settings *s, float *w, const float *g,
             float *squares, long count)
