// What two threads gain where memory is the limit, and what their meeting costs: two numbers that a step's model needs.
//
//     clang -O3 -march=native -pthread memory.c -o memory && ./memory
//
// `update` reads a weight and its gradient and writes the weight, `norm` reads the gradient, `copy` reads one and writes the
// other: as a step does, in blocks of 64 KB taken in turn. The best of 31 passes, since what others do to the machine isn't
// meant; before each, 64 MB of other memory go through the caches, or nothing does, so that what fits stays in the last
// level's. A barrier is a pair of counters, each
// written by one thread and read by both, as in Sources/Compute/Team.swift.
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BLOCK = 16384, PASSES = 31, OTHER = 16 << 20, LINE = 128, BARRIERS = 10000 };
enum kind { UPDATE, NORM, COPY, BARRIER };
static const char *const names[] = {"update", "norm", "copy"};
static const int bytes_per_float[] = {12, 4, 8};

static float *weights, *gradients;
static long count;
static enum kind kind;
static int threads;
static volatile double sink;
static struct {
  _Alignas(LINE) atomic_long value;
} run, done, taken, arrivals[2];

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void meet(int thread) {
  for (long i = 1; i <= BARRIERS; i++) {
    atomic_store(&arrivals[thread].value, i);
    for (int other = 0; other < threads; other++)
      while (atomic_load(&arrivals[other].value) < i) relax();
  }
}

static void work(int thread) {
  if (kind == BARRIER) return meet(thread);
  long start;
  while ((start = atomic_fetch_add(&taken.value, 1) * BLOCK) < count) {
    float *restrict w = weights + start;
    const float *restrict g = gradients + start;
    double sums[16] = {0};
    if (kind == UPDATE)
      for (int i = 0; i < BLOCK; i++) w[i] -= 0.1f * g[i];
    else if (kind == COPY)
      for (int i = 0; i < BLOCK; i++) w[i] = g[i];
    else
      for (int i = 0; i < BLOCK; i += 16)
        for (int k = 0; k < 16; k++) sums[k] += (double)g[i + k] * g[i + k];
    sink = sums[thread];
  }
}

static void *follow(void *nothing) {
  for (long last = 0;; last++) {
    while (atomic_load(&run.value) == last) relax();
    work(1);
    atomic_fetch_add(&done.value, 1);
  }
  return nothing;
}

static double time_of_run(void) {
  atomic_store(&taken.value, 0);
  atomic_store(&arrivals[0].value, 0);
  atomic_store(&arrivals[1].value, 0);
  double start = seconds();
  long before = atomic_load(&done.value);
  if (threads == 2) atomic_fetch_add(&run.value, 1);
  work(0);
  while (atomic_load(&done.value) < before + threads - 1) relax();
  return seconds() - start;
}

static double best(float *other, bool evicts) {
  double best = 1e9;
  for (int pass = 0; pass < PASSES; pass++) {
    for (long i = 0; evicts && i < OTHER; i += 16) other[i] += 1;
    double time = time_of_run();
    if (time < best) best = time;
  }
  return best;
}

int main(void) {
  count = 2000000 / BLOCK * BLOCK;  // the output layer of 10,000 words and 200 units
  weights = calloc(count, sizeof *weights);
  gradients = malloc(count * sizeof *gradients);
  float *other = calloc(OTHER, sizeof *other);
  if (!weights || !gradients || !other) return 1;
  for (long i = 0; i < count; i++) gradients[i] = 1e-9f * (i % 7);
  pthread_t second;
  if (pthread_create(&second, NULL, follow, NULL)) return 1;
  for (int evicts = 0; evicts < 2; evicts++)
    for (kind = UPDATE; kind <= COPY; kind++) {
      double time[3];
      for (threads = 1; threads <= 2; threads++) time[threads] = best(other, evicts);
      double gigabytes = bytes_per_float[kind] * count * 1e-9;
      printf("%-6s from %-6s  1 thread %6.1f GB/s  2 threads %6.1f GB/s  %.2f times\n", names[kind],
             evicts ? "memory" : "cache", gigabytes / time[1], gigabytes / time[2], time[1] / time[2]);
    }
  kind = BARRIER;
  threads = 2;
  printf("barrier of 2 threads: %.0f ns\n", best(other, false) / BARRIERS * 1e9);
}
