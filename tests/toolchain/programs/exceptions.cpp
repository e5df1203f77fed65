// Waits below a try, in a catch, after an exception was thrown again, and in a destructor that an exception runs.
#include "work.h"
#include <exception>
#include <stdio.h>

struct Failure : std::exception {
  int seed;
  explicit Failure(int seed) : seed(seed) {}
};

struct Guard {
  int &count;
  ~Guard() { count += pause_for(1); }
};

__attribute__((noinline)) static int throws(int seed, int &count) {
  Guard guard{count};
  pause_for(1);
  if (seed) throw Failure(seed);
  return 0;
}

__attribute__((noinline)) static int throws_again(int seed, int &count) {
  try {
    return throws(seed, count);
  } catch (const std::exception &) {
    pause_for(seed % 3);
    throw;
  }
}

int feature(int seed) {
  int count = 0;
  try {
    return throws_again(seed, count);
  } catch (const Failure &failure) {
    pause_for(1);
    return failure.seed + count - 1;
  }
}

int main() {
  printf("main has waited: %d\n", work(3));
  return 0;
}
