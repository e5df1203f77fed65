// Threads, each with many calls that overlap: every thread is an instance of the module with a stack of its own.
#include <emscripten.h>
#include <emscripten/stack.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "../linked/frames.h"

extern int pause_for(int);        // suspends
extern int call_back(int);        // JavaScript calls `plain`
extern int run_calls(int, int);   // suspends: JavaScript begins so many calls of `work`, and waits for all
extern void begin_calls(int, int); // the same, and does not wait: JavaScript calls `finished`

static atomic_int done, wrong_bytes;

__attribute__((noinline)) static int descend(unsigned *state, int depth) {
  int size = 24 + next(state) % 700, seed = next(state), wrong = 0;
  volatile unsigned char *frame = __builtin_alloca(size);
  write_pattern(frame, size, seed);
  for (int turns = 1 + next(state) % 3; turns; turns--) {
    switch (next(state) % 5) {
      case 0:
      case 1: wrong += pause_for(next(state) % 5) < 0; break;
      case 2: wrong += call_back(seed & 127); break;
      case 3: { // the allocator's lock is the program's, for all threads
        unsigned char *block = malloc(size);
        memset(block, seed, size);
        wrong += block[size - 1] != (unsigned char)seed;
        free(block);
        break;
      }
      default: if (depth) wrong += descend(state, depth - 1);
    }
    wrong += count_wrong(frame, size, seed);
  }
  return wrong;
}

EMSCRIPTEN_KEEPALIVE int work(int seed) {
  unsigned state = seed * 2246822519u + 1;
  volatile unsigned char frame[260];
  write_pattern(frame, sizeof frame, seed);
  int wrong = descend(&state, 5) + descend(&state, 3);
  return wrong + count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE int plain(int seed) {
  volatile unsigned char frame[1500];
  write_pattern(frame, sizeof frame, seed);
  return count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE void finished(int wrong) {
  wrong_bytes += wrong;
  done++;
}

// A thread uses its own stack, and not the one of a thread before it in the same worker.
__attribute__((noinline)) static int outside_of_stack(void) {
  volatile char here;
  uintptr_t at = (uintptr_t)&here;
  return at > emscripten_stack_get_base() || at < emscripten_stack_get_end();
}

static void *run(void *argument) {
  int seed = (int)(intptr_t)argument;
  volatile unsigned char frame[400];
  write_pattern(frame, sizeof frame, seed);
  int wrong = outside_of_stack();
#ifdef ENTRY_SUSPENDS
  wrong += run_calls(seed, 1 + seed % 9) + outside_of_stack();
  finished(wrong + count_wrong(frame, sizeof frame, seed));
  return 0;
#else
  begin_calls(seed, 1 + seed % 9);
  wrong_bytes += wrong + count_wrong(frame, sizeof frame, seed);
  emscripten_exit_with_live_runtime();
#endif
}

EMSCRIPTEN_KEEPALIVE int start(int seed) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 65536 + (seed % 4) * 16384);
  return pthread_create(&thread, &attributes, run, (void *)(intptr_t)seed);
}

EMSCRIPTEN_KEEPALIVE int threads_done(void) { return done; }
EMSCRIPTEN_KEEPALIVE int bytes_wrong(void) { return wrong_bytes; }

int main(void) { emscripten_exit_with_live_runtime(); }
