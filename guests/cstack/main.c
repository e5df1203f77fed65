/* Data on the C stack, kept across waits: every export says how much of it was no longer what it had been.
 *
 * Whatever has its address taken, and every array, lies in linear memory below the stack pointer. Each call has a
 * number of its own, so that two calls that share a stack cannot take each other's data for theirs. */

#define EXPORT(name) __attribute__((export_name(#name))) int name
#define KEPT 64

__attribute__((import_module("env"), import_name("wait"))) int wait_(int);

static int calls;

static int word(int call, int at) { return (int)((unsigned)call * 2654435761u ^ (unsigned)at * 40503u); }

static void fill(volatile int *data, int size, int call) {
  for (int at = 0; at < size; at++) data[at] = word(call, at);
}

static int lost(const volatile int *data, int size, int call) {
  int count = 0;
  for (int at = 0; at < size; at++) count += data[at] != word(call, at);
  return count;
}

/* What other functions do with the stack below: nothing of a caller's may lie there. */
__attribute__((noinline)) static void churn(void) {
  volatile int data[4 * KEPT];
  for (int at = 0; at < 4 * KEPT; at++) data[at] = -1;
}

/* An array across `count` waits, with other work after each. */
EXPORT(rounds)(int count) {
  volatile int data[KEPT];
  int call = ++calls, wrong = 0;
  fill(data, KEPT, call);
  for (int round = 0; round < count; round++) {
    wait_(call);
    churn();
    wrong += lost(data, KEPT, call);
  }
  return wrong;
}

/* An array in each of `depth` frames; the innermost waits, and each looks at its own on the way out. */
__attribute__((noinline)) static int down(int depth, int call) {
  volatile int data[8];
  fill(data, 8, call + depth);
  int wrong = depth > 1 ? down(depth - 1, call) : (wait_(call), 0);
  return wrong + lost(data, 8, call + depth);
}
EXPORT(deep)(int depth) { return down(depth, 1000 * ++calls); }

/* A frame whose size only the run knows. */
EXPORT(sized)(int size) {
  volatile int data[size];
  int call = ++calls;
  fill(data, size, call);
  wait_(call);
  return lost(data, size, call);
}

/* What a callee writes, after its wait, through a pointer into its caller's frame. */
__attribute__((noinline)) static void answer(volatile int *into, int call) {
  int value = wait_(call);
  *into = value + call;
}
EXPORT(through)(int expected) {
  volatile int before = 5, slot = -1, after = 6;
  int call = ++calls;
  answer(&slot, call);
  return (slot != expected + call) + (before != 5) + (after != 6);
}

/* Takes `size` words of stack, writes over all of them, and does not wait. */
EXPORT(scribble)(int size) {
  volatile int data[size];
  for (int at = 0; at < size; at++) data[at] = -1;
  return data[size - 1] + 1;
}

/* Waits, and then traps with its frame taken. */
EXPORT(trap)(int value) {
  volatile int data[KEPT];
  fill(data, KEPT, value);
  wait_(value);
  __builtin_trap();
}
