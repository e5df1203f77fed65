// Calls of imports that suspend in blocks, loops, inlined functions, and functions enough for long indexes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pause_for(int ms) __attribute__((import_module("env"), import_name("pause_for")));

#define FILLER(n) __attribute__((noinline, used)) int filler##n(int a) { return a * n + 1; }
#define TEN(n) FILLER(n##0) FILLER(n##1) FILLER(n##2) FILLER(n##3) FILLER(n##4) FILLER(n##5) FILLER(n##6) FILLER(n##7) FILLER(n##8) FILLER(n##9)
TEN(1) TEN(2) TEN(3) TEN(4) TEN(5) TEN(6) TEN(7) TEN(8) TEN(9) TEN(10) TEN(11) TEN(12) TEN(13) TEN(14)

struct node {
  struct node *next;
  int value;
  char text[32];
};
static struct node *head;

static inline int twice(int a) {
  int b = pause_for(a);
  return b + pause_for(b + 1);
}

static int sum_list(int limit) {
  int sum = 0;
  for (struct node *each = head; each; each = each->next) {
    if (each->value > limit) {
      int waited = pause_for(each->value);
      sum += waited * 3;
    }
    {
      int inner = twice(sum);
      for (int at = 0; at < inner; at++) {
        int deep = at * sum;
        sum += pause_for(deep);
      }
    }
    sum += strlen(each->text);
  }
  return sum;
}

int go(int n) {
  char buffer[64];
  for (int at = 0; at < n; at++) {
    struct node *fresh = malloc(sizeof *fresh);
    snprintf(fresh->text, sizeof fresh->text, "node %d", at);
    fresh->value = twice(at);
    fresh->next = head;
    head = fresh;
  }
  snprintf(buffer, sizeof buffer, "%d", sum_list(n));
  puts(buffer);
  return twice(n) + sum_list(2);
}
