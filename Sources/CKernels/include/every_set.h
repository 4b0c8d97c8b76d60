/// Loops that the compiler makes vectors of, compiled once for every instruction set of the architecture.
///
/// A loop over elements that don't depend on each other has the same bits in every instruction set as long as each fused
/// operation is written out (`CK_FMA`) and no other is fused (`#pragma STDC FP_CONTRACT OFF`, in the file of the loop).
#pragma once

#include "ckernels.h"

/// a * b + c with one rounding.
#define CK_FMA(a, b, c) __builtin_fmaf(a, b, c)

/// The loop itself: `CK_LOOP void name_loop(parameters) { ... }`.
#define CK_LOOP static inline __attribute__((always_inline))

#define CK_VARIANT(name, set, features, arguments, ...)                                                                \
  __attribute__((target(features))) static void name##_##set(__VA_ARGS__) { name##_loop arguments; }

/// Defines `void name(ck_instruction_set set, parameters)`, which runs `name_loop` as compiled for the set.
///
///     CK_EVERY_SET(name, (a, count), float *a, long count)
#if defined(__x86_64__)
#define CK_EVERY_SET(name, arguments, ...)                                                                             \
  CK_VARIANT(name, avx512, "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma", arguments, __VA_ARGS__)                      \
  CK_VARIANT(name, avx2, "avx2,fma", arguments, __VA_ARGS__)                                                           \
  void name(ck_instruction_set set, __VA_ARGS__) {                                                                     \
    switch (set) {                                                                                                     \
    case CK_AVX512: name##_avx512 arguments; break;                                                                    \
    case CK_AVX2: name##_avx2 arguments; break;                                                                        \
    default: name##_loop arguments;                                                                                    \
    }                                                                                                                  \
  }
#else
// Everything else is compiled for the one set that there is, which fuses where it's told to.
#define CK_EVERY_SET(name, arguments, ...)                                                                             \
  void name(ck_instruction_set set, __VA_ARGS__) {                                                                     \
    (void)set;                                                                                                         \
    name##_loop arguments;                                                                                             \
  }
#endif
