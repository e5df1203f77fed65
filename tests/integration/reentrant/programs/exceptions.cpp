// C++ exceptions in JavaScript and longjmp, with waits below, in and after them. Each export returns what a caller expects.
#include <csetjmp>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <emscripten.h>

extern "C" {
int pause_for(int milliseconds); // may suspend; over 900 it rejects with a TypeError
int fail_with(int value);        // throws a TypeError at once if the value is not 0
int call_back(int value);        // JavaScript calls `throws`
}

static int destroyed;

struct Guard {
  int value;
  ~Guard() { destroyed += value; }
};

struct Shape {
  virtual ~Shape() {}
  virtual int area(int side) = 0;
};

struct Square : Shape {
  int area(int side) override {
    Guard guard{1};
    pause_for(abs(side) % 5);
    if (side < 0) throw std::out_of_range("negative");
    return side * side;
  }
};

__attribute__((noinline)) static long long wide(long long number, int part, float single, double twice) {
  Guard guard{1};
  pause_for(1);
  if (part == 3) throw std::string("three");
  return number + part + (long long)single + (long long)twice;
}

static jmp_buf back;

__attribute__((noinline)) static void jumps(int value) {
  pause_for(1);
  if (value) longjmp(back, value);
}

extern "C" {
EMSCRIPTEN_KEEPALIVE int virtual_call(int side) {
  Shape *shape = new Square;
  int result;
  try {
    result = shape->area(side);
  } catch (const std::out_of_range &error) {
    result = -1;
  }
  delete shape;
  return result;
}

EMSCRIPTEN_KEEPALIVE int wide_numbers(int part) {
  try {
    return (int)(wide(1LL << 40, part, 2.5f, 4.5) >> 40) + (int)wide(0, part, 2.5f, 4.5);
  } catch (const std::string &text) {
    return -(int)text.size();
  }
}

EMSCRIPTEN_KEEPALIVE int in_catch(int value) {
  try {
    throw value;
  } catch (int caught) {
    pause_for(value % 7);
    return caught;
  }
}

EMSCRIPTEN_KEEPALIVE int thrown_again(int value) {
  try {
    try {
      pause_for(value % 3);
      throw std::runtime_error("inner");
    } catch (const std::exception &) {
      throw std::string(value, 'x');
    }
  } catch (const std::string &text) {
    pause_for(1);
    return (int)text.size();
  }
}

EMSCRIPTEN_KEEPALIVE int foreign(int value) {
  Guard guard{100};
  try {
    return fail_with(value) + 1;
  } catch (...) {
    return -1;
  }
}

EMSCRIPTEN_KEEPALIVE int rejected(int value) {
  try {
    return pause_for(value);
  } catch (int) {
    return -1;
  }
}

EMSCRIPTEN_KEEPALIVE int through_javascript(int value) {
  try {
    return call_back(value);
  } catch (int caught) {
    return 1000 + caught;
  }
}

EMSCRIPTEN_KEEPALIVE int throws(int value) {
  if (value > 5) throw value;
  return value;
}

EMSCRIPTEN_KEEPALIVE int jump(int value) {
  volatile int kept = 5;
  int came = setjmp(back);
  if (came) return 10 * came + kept;
  kept = 6;
  jumps(value);
  return kept;
}

EMSCRIPTEN_KEEPALIVE int ends(int status) {
  Guard guard{1};
  pause_for(1);
  exit(status);
}

EMSCRIPTEN_KEEPALIVE int count_destroyed(void) { return destroyed; }
}

int main() { return 0; }
