// A side module: it waits by an import of its own, in the main module, and by pointers of both.
#include <emscripten.h>
#include "frames.h"

extern int pause_for(int); // suspends
extern int start_inner(int);
extern int call_back(int);
extern int wait_in_main(int);
extern void offer(step);
#ifdef CALLS_PROMISING
extern int work(int); // a promising export of the main module, in the middle of a call
#else
#define work wait_in_main
#endif

static volatile int ctor_ran;
__attribute__((constructor)) static void begin(void) { ctor_ran = 1; }

__attribute__((noinline)) static int descend(unsigned *state, int depth) {
  int size = 24 + next(state) % 700, seed = next(state), wrong = 0;
  volatile unsigned char *frame = __builtin_alloca(size);
  write_pattern(frame, size, seed);
  for (int turns = 1 + next(state) % 3; turns; turns--) {
    switch (next(state) % 6) {
      case 0: wrong += pause_for(next(state) % 6) < 0; break;
      case 1: wrong += wait_in_main(seed); break;
      case 2: wrong += call_back(seed & 127); break;
      case 3: wrong += work(seed); break;
      default: if (depth) wrong += descend(state, depth - 1);
    }
    wrong += count_wrong(frame, size, seed);
  }
  return wrong;
}

// Promising, and the main module calls it by a pointer.
EMSCRIPTEN_KEEPALIVE int side_work(int seed) {
  unsigned state = seed * 2246822519u + 3;
  volatile unsigned char frame[220];
  write_pattern(frame, sizeof frame, seed);
  int wrong = descend(&state, 4) + descend(&state, 2) + !ctor_ran;
  return wrong + count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE int side_nest(int seed) {
  volatile unsigned char frame[512];
  write_pattern(frame, sizeof frame, seed);
  int wrong = start_inner(seed) + count_wrong(frame, sizeof frame, seed);
  wrong += pause_for(2) < 0;
  wrong += start_inner(seed + 1) + call_back(seed & 127);
  return wrong + count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE int side_reject(int seed) {
  volatile unsigned char frame[400];
  write_pattern(frame, sizeof frame, seed);
  pause_for(-1);
  return count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE void side_begin(void) { offer(side_work); }
