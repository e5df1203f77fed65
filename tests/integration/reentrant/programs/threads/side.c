// A side module in every thread: it waits by itself, and in the main module.
#include <emscripten.h>
#include "../linked/frames.h"
extern int pause_for(int); // suspends
extern int work(int);      // a promising export of the main module, in the middle of a call
EMSCRIPTEN_KEEPALIVE int side_work(int seed) {
  volatile unsigned char frame[333];
  write_pattern(frame, sizeof frame, seed);
  int wrong = pause_for(seed % 4) < 0;
  wrong += count_wrong(frame, sizeof frame, seed);
  wrong += work(seed);
  wrong += pause_for(seed % 3) < 0;
  return wrong + count_wrong(frame, sizeof frame, seed);
}
