// Adds up orders that are fetched one by one. Each fetch waits, below a `try` and with destructors to run.
#include <cstdio>
#include <emscripten.h>
#include <stdexcept>
#include <string>

extern "C" int fetch_price(int order); // waits; negative if there is no such order

namespace {
struct Open {
  int order;
  ~Open() { printf("closed order %d\n", order); }
};

int price(int order) {
  Open open{order};
  int cents = fetch_price(order);
  if (cents < 0) throw std::out_of_range("no order " + std::to_string(order));
  return cents;
}
} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int total(int first, int last) {
  int sum = 0;
  for (int order = first; order <= last; order++) {
    try {
      sum += price(order);
    } catch (const std::out_of_range &error) {
      printf("left out: %s\n", error.what());
    }
  }
  return sum;
}
