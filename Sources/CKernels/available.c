/// Finds out at run time which tables this processor can run.
#include "tables.h"

int ck_available(const ck_kernels **tables) {
  int count = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    tables[count++] = &ck_avx512;
  if (avx2) tables[count++] = &ck_avx2;
#elif defined(__aarch64__)
  tables[count++] = &ck_neon;
#endif
  tables[count++] = &ck_portable;
  return count;
}
