// The same exports by embind, as functions that give promises, and a method of a class.
#include "work.h"
#include <cstdio>
#include <emscripten/bind.h>
#include <string>

int feature(int seed) { return pause_for(1) - 1 + seed; }

struct Counter {
  int total = 0;
  int add(int seed) { return total += work(seed); }
};

static int measure_string(std::string text, int seed) { return measure(text.c_str(), seed); }

EMSCRIPTEN_BINDINGS(table) {
  emscripten::function("bound_work", &work, emscripten::async());
  emscripten::function("bound_measure", &measure_string, emscripten::async());
  emscripten::class_<Counter>("Counter").constructor<>().function("add", &Counter::add, emscripten::async());
}

int main() {
  printf("main has waited: %d\n", work(3));
  return 0;
}
