// A wait between setjmp and longjmp, and one after the jump.
#include "work.h"
#include <setjmp.h>
#include <stdio.h>

__attribute__((noinline)) static void jump(jmp_buf *back, int seed) {
  pause_for(1);
  longjmp(*back, seed);
}

int feature(int seed) {
  jmp_buf back;
  int came = setjmp(back);
  if (came) return pause_for(0) + came;
  jump(&back, seed);
  return -1;
}

int main(void) {
  printf("main has waited: %d\n", work(3));
  return 0;
}
