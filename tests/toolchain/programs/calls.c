// Nothing but calls and waits; one of them through a function pointer.
#include "work.h"
#include <stdio.h>

static int once(int seed) { return pause_for(1) - 1 + seed; }
static int twice(int seed) { return once(once(seed)); }
static int (*volatile const ways[])(int) = {once, twice};

int feature(int seed) { return ways[seed % 2](seed); }

#ifndef NO_MAIN
int main(void) {
  printf("main waits\n");
  printf("main has waited: %d\n", work(3));
  return 0;
}
#endif
