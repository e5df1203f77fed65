// What every program of the table does: `work` keeps bytes on the C stack over its waits and returns its argument
// squared, or -1 if a byte has changed. `measure` does the same with a string that glue has put on the stack.
#include <emscripten.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(PAUSE_IN_LIBRARY)
int pause_for(int milliseconds); // of pause.js
#elif defined(PAUSE_BY_SLEEP)
static int pause_for(int milliseconds) {
  emscripten_sleep(milliseconds);
  return milliseconds;
}
#else
EM_ASYNC_JS(int, pause_for, (int milliseconds), {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return milliseconds;
});
#endif

int feature(int seed); // of each program: waits, and returns the seed

__attribute__((noinline)) static int keep_bytes(int seed, int depth) {
  volatile unsigned char bytes[200];
  for (int i = 0; i < 200; i++) bytes[i] = (unsigned char)(seed * 31 + depth + i);
  int wrong = pause_for(seed % 5) != seed % 5;
  wrong += depth ? keep_bytes(seed, depth - 1) : feature(seed) != seed;
  for (int i = 0; i < 200; i++) wrong += bytes[i] != (unsigned char)(seed * 31 + depth + i);
  return wrong;
}

EMSCRIPTEN_KEEPALIVE int work(int seed) { return keep_bytes(seed, 3) ? -1 : seed * seed; }

EMSCRIPTEN_KEEPALIVE int measure(const char *text, int seed) {
  int length = 0;
  pause_for(seed % 3);
  while (text[length] == 'a' + seed) length++;
  return feature(seed) == seed && text[length] == 0 ? length : -1;
}

#ifdef __cplusplus
}
#endif
