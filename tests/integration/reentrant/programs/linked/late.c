// A side module that is loaded while calls wait.
#include <emscripten.h>
#include "frames.h"

extern int pause_for(int); // suspends
extern int wait_in_main(int);

EMSCRIPTEN_KEEPALIVE int late_work(int seed) {
  volatile unsigned char frame[333];
  write_pattern(frame, sizeof frame, seed);
  int wrong = pause_for(seed % 4) < 0;
  wrong += count_wrong(frame, sizeof frame, seed);
  wrong += wait_in_main(seed);
  return wrong + count_wrong(frame, sizeof frame, seed);
}
