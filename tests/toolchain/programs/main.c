// The main module of dynamic linking: what `feature` calls is in side.c, and calls back. Through a pointer: a direct call
// of what another module defines goes through JavaScript.
#include "work.h"
#include <stdio.h>

int from_main(int seed) { return pause_for(1) - 1 + seed; }

int in_side(int seed);
static int (*volatile called)(int) = in_side;
int feature(int seed) { return called(seed); }

int main(void) {
  printf("main has waited: %d\n", work(3));
  return 0;
}
