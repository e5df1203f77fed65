// Frames with a pattern, which calls that overlap must not overwrite.
static inline unsigned next(unsigned *state) {
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

typedef int (*step)(int);
