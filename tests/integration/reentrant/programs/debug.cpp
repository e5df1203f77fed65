// The same in C++: templates, virtual functions, lambdas, destructors that wait.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

extern "C" int pause_for(int ms) __attribute__((import_module("env"), import_name("pause_for")));

template <typename T> struct Box {
  T value;
  int get(int each) const {
    auto wait = [&](int ms) { return pause_for(ms) + (int)value; };
    return wait(each) + wait(each + 1);
  }
};

struct Base {
  virtual int run(int) = 0;
  virtual ~Base() { pause_for(7); }
};

struct Sorted : Base {
  std::vector<int> items;
  int run(int n) override {
    for (int at = 0; at < n; at++) items.push_back(pause_for(at));
    std::sort(items.begin(), items.end());
    return items.empty() ? 0 : items.back();
  }
};

extern "C" int go(int n) {
  std::map<std::string, int> names;
  Base *base = new Sorted();
  for (int at = 0; at < n; at++) names["k" + std::to_string(at)] = pause_for(at) + Box<double>{1.5}.get(at);
  int sum = base->run(n);
  for (auto &each : names) {
    printf("%s %d\n", each.first.c_str(), each.second);
    sum += each.second;
  }
  delete base;
  return sum;
}
