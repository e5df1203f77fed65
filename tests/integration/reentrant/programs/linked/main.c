// A main module: side modules call its functions, wait there, and give it pointers to theirs.
#include <dlfcn.h>
#include <emscripten.h>
#include "frames.h"

extern int pause_for(int);   // suspends
extern int start_inner(int); // JavaScript begins a promising call and does not wait for it
extern int call_back(int);   // JavaScript calls `plain`

static step registered;

// Side modules call it, in the middle of a call.
EMSCRIPTEN_KEEPALIVE int wait_in_main(int seed) {
  unsigned state = seed * 2246822519u + 1;
  int size = 40 + next(&state) % 600;
  volatile unsigned char *frame = __builtin_alloca(size);
  write_pattern(frame, size, seed);
  int wrong = pause_for(next(&state) % 5) < 0;
  wrong += count_wrong(frame, size, seed);
  if (next(&state) % 2) wrong += call_back(seed & 127);
  wrong += pause_for(next(&state) % 3) < 0;
  return wrong + count_wrong(frame, size, seed);
}

// Promising; side modules call it, too.
EMSCRIPTEN_KEEPALIVE int work(int seed) {
  volatile unsigned char frame[260];
  write_pattern(frame, sizeof frame, seed);
  int wrong = wait_in_main(seed + 1) + call_back(seed & 127);
  wrong += count_wrong(frame, sizeof frame, seed);
  wrong += wait_in_main(seed + 2);
  return wrong + count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE int nest(int seed) {
  volatile unsigned char frame[512];
  write_pattern(frame, sizeof frame, seed);
  int wrong = start_inner(seed) + count_wrong(frame, sizeof frame, seed);
  wrong += wait_in_main(seed);
  return wrong + start_inner(seed + 1) + count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE void offer(step function) { registered = function; }

EMSCRIPTEN_KEEPALIVE int by_pointer(int seed) {
  volatile unsigned char frame[300];
  write_pattern(frame, sizeof frame, seed);
  int wrong = registered(seed);
  return wrong + count_wrong(frame, sizeof frame, seed);
}

// Loads a module while other calls wait, and waits for it.
EMSCRIPTEN_KEEPALIVE int load(int seed) {
  volatile unsigned char frame[200];
  write_pattern(frame, sizeof frame, seed);
  void *library = dlopen("late.wasm", RTLD_NOW);
  int wrong = library ? 0 : 1000;
  wrong += count_wrong(frame, sizeof frame, seed);
  step late = library ? (step)dlsym(library, "late_work") : 0;
  wrong += late ? late(seed) : 2000;
  return wrong + count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE int plain(int seed) {
  volatile unsigned char frame[1500];
  write_pattern(frame, sizeof frame, seed);
  return count_wrong(frame, sizeof frame, seed);
}

int main(void) { return 0; }
