// Waits on the main thread while another thread computes.
#include "work.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static void *compute(void *counter) {
  atomic_fetch_add((_Atomic int *)counter, 1);
  return NULL;
}

int feature(int seed) {
  static _Atomic int counter;
  pthread_t thread;
  int before = atomic_load(&counter);
  if (pthread_create(&thread, NULL, compute, &counter)) return -1;
  while (atomic_load(&counter) == before) pause_for(1);
  pthread_join(thread, NULL);
  return seed;
}

int main(void) {
  printf("main has waited: %d\n", work(3));
  return 0;
}
