/// Random numbers by the thousand, and dropout, which needs them: Philox 4x32-10 as in Philox.swift, which names the source,
/// sixteen counters side by side. Integers give the same bits on every processor, so there is no table of these.
#include "ckernels.h"

enum { LANES = 16 };

// The compiler makes vector code of the loops over lanes, once per instruction set. Which one is chosen while the program is
// loaded, when a sanitizer's own code isn't ready to run yet.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer)
#define EACH_ISA __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EACH_ISA
#endif

typedef struct {
  uint32_t word[4][LANES];
} counters;

static inline __attribute__((always_inline)) void philox(counters *c, const uint32_t key[2]) {
  uint32_t key0 = key[0], key1 = key[1];
  for (int round = 0; round < 10; round++) {
    for (int lane = 0; lane < LANES; lane++) {
      uint64_t product0 = (uint64_t)0xD2511F53u * c->word[0][lane];
      uint64_t product1 = (uint64_t)0xCD9E8D57u * c->word[2][lane];
      uint32_t word1 = c->word[1][lane], word3 = c->word[3][lane];
      c->word[0][lane] = (uint32_t)(product1 >> 32) ^ word1 ^ key0;
      c->word[1][lane] = (uint32_t)product1;
      c->word[2][lane] = (uint32_t)(product0 >> 32) ^ word3 ^ key1;
      c->word[3][lane] = (uint32_t)product0;
    }
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

/// Blocks first to first + 15 of a purpose and step.
static inline __attribute__((always_inline)) void blocks(const ck_random *random, uint64_t first, counters *c) {
  for (int lane = 0; lane < LANES; lane++) {
    uint64_t block = first + (uint64_t)lane;
    c->word[0][lane] = (uint32_t)block;
    c->word[1][lane] = (uint32_t)(block >> 32);
    c->word[2][lane] = random->step;
    c->word[3][lane] = random->purpose;
  }
  philox(c, random->key);
}

static inline float uniform(uint32_t word) { return (float)(word >> 8) * 0x1p-24f; }

EACH_ISA void ck_uniforms(const ck_random *random, uint64_t first, long count, float *numbers) {
  counters c;
  for (long i = 0; i < count; i += 4 * LANES) {
    blocks(random, (first + (uint64_t)i) / 4, &c);
    for (long k = 0; k < 4 * LANES && i + k < count; k++) numbers[i + k] = uniform(c.word[k % 4][k / 4]);
  }
}

EACH_ISA void ck_normals(const ck_random *random, uint64_t first, long count, float *numbers) {
  counters c[3];
  for (long i = 0; i < count; i += LANES) {
    for (int part = 0; part < 3; part++)
      blocks(random, 3 * (first + (uint64_t)i) + (uint64_t)(part * LANES), &c[part]);
    for (long k = 0; k < LANES && i + k < count; k++) {
      float sum = -6.0f;
      for (long j = 3 * k; j < 3 * k + 3; j++)
        for (int word = 0; word < 4; word++) sum += uniform(c[j / LANES].word[word][j % LANES]);
      numbers[i + k] = sum;
    }
  }
}

EACH_ISA void ck_drop_rows(const ck_drop *drop, const float *from, long first, long count, const int32_t *identity,
                           float *to) {
  // The kept elements make up for the dropped ones, exactly as many in 65,536 as the threshold says.
  const float scale = 65536.0f / (float)(65536 - (int)drop->threshold);
  counters c;
  // Eight rows at a time, two blocks of eight elements each.
  for (long row = first; row < first + count; row += LANES / 2) {
    for (int lane = 0; lane < LANES; lane++) {
      long at = row + lane / 2 < first + count ? row + lane / 2 : row;
      c.word[0][lane] = (uint32_t)(identity ? identity[at] : at);
      c.word[1][lane] = drop->place << 24 | drop->panel << 1 | (uint32_t)(lane % 2);
      c.word[2][lane] = drop->random.step;
      c.word[3][lane] = drop->random.purpose;
    }
    philox(&c, drop->random.key);
    for (long at = row; at < row + LANES / 2 && at < first + count; at++) {
      const float *x = from + at * CK_PANEL_WIDTH;
      float *y = to + at * CK_PANEL_WIDTH;
      for (int half = 0; half < 2; half++)
        for (int k = 0; k < 8; k++) {
          uint32_t drawn = c.word[k / 2][2 * (at - row) + half] >> (k % 2 * 16) & 0xFFFF;
          y[half * 8 + k] = drawn < drop->threshold ? 0.0f : x[half * 8 + k] * scale;
        }
    }
  }
}
