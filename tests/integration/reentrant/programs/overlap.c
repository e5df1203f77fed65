// Calls that overlap keep arrays, strings and structures on the C stack; each returns how many bytes were wrong.
#include <emscripten.h>
#include <stdlib.h>
#include <string.h>

extern int pause_for(int);   // may suspend; a negative number rejects
extern int start_inner(int); // JavaScript begins a promising call and does not wait for it
extern int call_back(int);   // JavaScript calls `plain`
extern unsigned char *hand_over(int, int); // waits; JavaScript puts a pattern on the C stack, and returns its address

static unsigned next(unsigned *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 16;
}

__attribute__((noinline)) static void write_pattern(volatile unsigned char *at, int size, int seed) {
  for (int i = 0; i < size; i++) at[i] = (unsigned char)(seed * 31 + i * 7);
}

__attribute__((noinline)) static int count_wrong(volatile unsigned char *at, int size, int seed) {
  int wrong = 0;
  for (int i = 0; i < size; i++) wrong += at[i] != (unsigned char)(seed * 31 + i * 7);
  return wrong;
}

__attribute__((noinline)) static int descend(unsigned *state, int depth) {
  int size = 24 + next(state) % 700, seed = next(state), wrong = 0;
  volatile unsigned char *frame = __builtin_alloca(size);
  write_pattern(frame, size, seed);
  for (int turns = 1 + next(state) % 3; turns; turns--) {
    switch (next(state) % 5) {
      case 0:
      case 1: wrong += pause_for(next(state) % 6) < 0; break;
      case 2: wrong += call_back(seed & 127); break;
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
  int wrong = descend(&state, 6) + descend(&state, 3);
  return wrong + count_wrong(frame, sizeof frame, seed);
}

// A string that the glue put on the C stack.
EMSCRIPTEN_KEEPALIVE int read_text(const char *text, int length, int seed) {
  unsigned state = seed + 77;
  int wrong = 0;
  for (int i = 0; i < 4; i++) {
    wrong += descend(&state, 2);
    for (int j = 0; j < length; j++) wrong += text[j] != 'a' + (seed + j) % 26;
  }
  return wrong;
}

__attribute__((noinline)) static int receive(int seed) {
  volatile unsigned char frame[120];
  write_pattern(frame, sizeof frame, seed);
  return count_wrong(hand_over(48, seed), 48, seed) + count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE int handed(int seed) {
  volatile unsigned char frame[200];
  write_pattern(frame, sizeof frame, seed);
  int wrong = 0;
  for (int turn = 0; turn < 9; turn++) wrong += receive(seed * 9 + turn) + count_wrong(frame, sizeof frame, seed);
  return wrong;
}

EMSCRIPTEN_KEEPALIVE int nest(int seed) {
  volatile unsigned char frame[512];
  write_pattern(frame, sizeof frame, seed);
  int wrong = start_inner(seed) + count_wrong(frame, sizeof frame, seed);
  wrong += pause_for(2) < 0;
  wrong += start_inner(seed + 1) + call_back(seed & 127);
  return wrong + count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE int reject(int seed) {
  volatile unsigned char frame[400];
  write_pattern(frame, sizeof frame, seed);
  pause_for(-1);
  return count_wrong(frame, sizeof frame, seed);
}

EMSCRIPTEN_KEEPALIVE int trap(int seed) {
  volatile unsigned char frame[300];
  write_pattern(frame, sizeof frame, seed);
  pause_for(1);
  __builtin_trap();
}

EMSCRIPTEN_KEEPALIVE int plain(int seed) {
  volatile unsigned char frame[1500];
  write_pattern(frame, sizeof frame, seed);
  return count_wrong(frame, sizeof frame, seed);
}

// A function pointer that JavaScript takes from the table.
EMSCRIPTEN_KEEPALIVE void *pointer_to_work(void) { return (void *)work; }

EMSCRIPTEN_KEEPALIVE int big_frame(int size) {
  volatile unsigned char *frame = __builtin_alloca(size);
  write_pattern(frame, size, 1);
  return pause_for(1) + count_wrong(frame, size, 1) - 1;
}

int main(void) { return 0; }
