/// exp, tanh and their kin on vectors, and the element-wise halves of gated cells: a part of template.h.

INLINE vector select(integers condition, vector yes, vector no) {
  return __builtin_bit_cast(vector, (condition & __builtin_bit_cast(integers, yes)) |
                                        (~condition & __builtin_bit_cast(integers, no)));
}

INLINE vector power_of_two(integers n) { return __builtin_bit_cast(vector, (n + 127) << 23); }

/// exp(x) = result * 2^exponent, where exp(x) is a normal number or a little beyond.
INLINE vector exponential_parts(vector x, integers *exponent) {
  vector shifted = fma_vector(x, splat(LOG2_E), splat(ROUNDING_SHIFT));
  vector n = shifted - splat(ROUNDING_SHIFT);
  vector r = fma_vector(-n, splat(LN2_LOWER), fma_vector(-n, splat(LN2_UPPER), x));
  vector q = fma_vector(splat(EXP_6), r, splat(EXP_5));
  q = fma_vector(q, r, splat(EXP_4));
  q = fma_vector(q, r, splat(EXP_3));
  q = fma_vector(q, r, splat(EXP_2));
  *exponent = __builtin_bit_cast(integers, shifted) - ROUNDING_SHIFT_BITS;
  return fma_vector(r * r, q, r) + splat(1.0f);
}

/// exp(x) for x that is not above EXP_HIGHEST.
INLINE vector exponential_below(vector x) {
  x = select(x < splat(EXP_LOWEST), splat(EXP_LOWEST), x);
  integers whole, half;
  vector p = exponential_parts(x, &whole);
  half = whole >> 1;
  return p * power_of_two(half) * power_of_two(whole - half);
}

INLINE vector exponential(vector x) { return exponential_below(select(x > splat(EXP_HIGHEST), splat(EXP_HIGHEST), x)); }

/// exp(x) for x that is neither infinite nor far from zero: exp(x) is a normal number, as is 2^n.
INLINE vector exponential_of_small(vector x) {
  integers whole;
  vector p = exponential_parts(x, &whole);
  return p * power_of_two(whole);
}

INLINE vector hyperbolic_tangent(vector x) {
  vector magnitude = __builtin_elementwise_abs(x);
  vector s = x * x;
  vector q = fma_vector(splat(TANH_5), s, splat(TANH_4));
  q = fma_vector(q, s, splat(TANH_3));
  q = fma_vector(q, s, splat(TANH_2));
  q = fma_vector(q, s, splat(TANH_1));
  vector small = fma_vector(s * x, q, x);
  vector bounded = select(magnitude > splat(TANH_LARGEST), splat(TANH_LARGEST), magnitude);
  vector large = splat(1.0f) - splat(2.0f) / (exponential_of_small(bounded + bounded) + splat(1.0f));
  return select(magnitude < splat(TANH_SWITCH), small, __builtin_elementwise_copysign(large, x));
}

INLINE vector logistic(vector x) {
  vector e = exponential_below(-__builtin_elementwise_abs(x));
  vector above = select(x < splat(0.0f), e, splat(1.0f));
  vector below = splat(1.0f) + e;
  vector inverse = splat(1.0f) / below;
  vector quotient = above * inverse;
  vector lost = e - (below - splat(1.0f));
  vector rest = fma_vector(-quotient, lost, fma_vector(-quotient, below, above));
  return fma_vector(rest, inverse, quotient);
}

INLINE vector value(const ck_function function, vector x) {
  switch (function) {
  case CK_TANH: return hyperbolic_tangent(x);
  case CK_RELU: return select(x <= splat(0.0f), splat(0.0f), x);
  case CK_SIGMOID: return logistic(x);
  case CK_EXP: return exponential(x);
  }
}

INLINE vector gradient(const ck_function function, vector y, vector d) {
  switch (function) {
  case CK_TANH: return d * fma_vector(-y, y, splat(1.0f));
  case CK_RELU: return select(y <= splat(0.0f), splat(0.0f), d);
  case CK_SIGMOID: return d * (y * (splat(1.0f) - y));
  case CK_EXP: return d * y;
  }
}

/// The last elements, fewer than a vector: padded with zeros, computed alike, cut again.
INLINE vector load_part(const float *p, long count) {
  float part[LANES] = {0};
  memcpy(part, p, (size_t)count * sizeof(float));
  return load(part);
}
INLINE void store_part(float *p, vector x, long count) {
  float part[LANES];
  store(part, x);
  memcpy(p, part, (size_t)count * sizeof(float));
}

INLINE void apply_constant(const ck_function function, const float *x, float *y, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store(y + i, value(function, load(x + i)));
  if (i < count) store_part(y + i, value(function, load_part(x + i, count - i)), count - i);
}

static void apply(ck_function function, const float *x, float *y, long count) {
  switch (function) {
  case CK_TANH: apply_constant(CK_TANH, x, y, count); break;
  case CK_RELU: apply_constant(CK_RELU, x, y, count); break;
  case CK_SIGMOID: apply_constant(CK_SIGMOID, x, y, count); break;
  case CK_EXP: apply_constant(CK_EXP, x, y, count); break;
  }
}

INLINE void gradient_constant(const ck_function function, const float *y, float *d, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store(d + i, gradient(function, load(y + i), load(d + i)));
  if (i < count) store_part(d + i, gradient(function, load_part(y + i, count - i), load_part(d + i, count - i)), count - i);
}

static void apply_gradient(ck_function function, const float *y, float *d, long count) {
  switch (function) {
  case CK_TANH: gradient_constant(CK_TANH, y, d, count); break;
  case CK_RELU: gradient_constant(CK_RELU, y, d, count); break;
  case CK_SIGMOID: gradient_constant(CK_SIGMOID, y, d, count); break;
  case CK_EXP: gradient_constant(CK_EXP, y, d, count); break;
  }
}

// MARK: gated cells

/// Counts are whole rows of panels, so there are no tails. What a cell needs is computed function after function, not
/// element after element: each for itself keeps its constants in registers, and there is no long chain of results that wait
/// for each other.

static void lstm(float *i, float *f, float *g, float *o, const float *c_before, float *c, float *tanh_c, float *h,
                 long count) {
  apply_constant(CK_SIGMOID, i, i, count);
  apply_constant(CK_SIGMOID, f, f, count);
  apply_constant(CK_TANH, g, g, count);
  apply_constant(CK_SIGMOID, o, o, count);
  for (long k = 0; k < count; k += LANES) {
    vector cell = fma_vector(load(f + k), load(c_before + k), load(i + k) * load(g + k));
    vector squashed = value(CK_TANH, cell);
    store(c + k, cell);
    store(tanh_c + k, squashed);
    store(h + k, load(o + k) * squashed);
  }
}

INLINE vector sigmoid_slope(vector y) { return y * (splat(1.0f) - y); }
INLINE vector tanh_slope(vector y) { return fma_vector(-y, y, splat(1.0f)); }

static void lstm_gradient(float *i, float *f, float *g, float *o, const float *c_before, const float *tanh_c,
                          const float *dh, float *dc, long count) {
  for (long k = 0; k < count; k += LANES) {
    vector in = load(i + k), forget = load(f + k), candidate = load(g + k), out = load(o + k);
    vector squashed = load(tanh_c + k), up = load(dh + k);
    vector d = fma_vector(up * out, tanh_slope(squashed), load(dc + k));
    store(i + k, d * candidate * sigmoid_slope(in));
    store(f + k, d * load(c_before + k) * sigmoid_slope(forget));
    store(g + k, d * in * tanh_slope(candidate));
    store(o + k, up * squashed * sigmoid_slope(out));
    store(dc + k, d * forget);
  }
}

static void gru(float *r, float *z, float *n, const float *rh, const float *zh, const float *nh, const float *h_before,
                float *h, long count) {
  for (long k = 0; k < count; k += LANES) {
    store(r + k, value(CK_SIGMOID, load(r + k) + load(rh + k)));
    store(z + k, value(CK_SIGMOID, load(z + k) + load(zh + k)));
  }
  for (long k = 0; k < count; k += LANES) {
    vector candidate = value(CK_TANH, fma_vector(load(r + k), load(nh + k), load(n + k)));
    store(n + k, candidate);
    store(h + k, fma_vector(load(z + k), load(h_before + k) - candidate, candidate));
  }
}

static void gru_gradient(float *r, float *z, float *n, float *rh, float *zh, float *nh, const float *h_before,
                         const float *dh, float *dh_before, long count) {
  for (long k = 0; k < count; k += LANES) {
    vector reset = load(r + k), update = load(z + k), candidate = load(n + k), up = load(dh + k);
    vector dn = up * (splat(1.0f) - update) * tanh_slope(candidate);
    vector dz = up * (load(h_before + k) - candidate) * sigmoid_slope(update);
    vector dr = dn * load(nh + k) * sigmoid_slope(reset);
    if (dh_before) store(dh_before + k, fma_vector(up, update, load(dh_before + k)));
    store(nh + k, dn * reset);
    store(rh + k, dr);
    store(r + k, dr);
    store(zh + k, dz);
    store(z + k, dz);
    store(n + k, dn);
  }
}
