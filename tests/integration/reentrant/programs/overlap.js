mergeInto(LibraryManager.library, {
  pause_for__sig: "ii",
  pause_for: function (ms) {},
  start_inner__sig: "ii",
  start_inner: function (seed) {},
  hand_over__sig: "iii",
  hand_over: function (size, seed) {},
  call_back__sig: "ii",
  call_back: function (seed) {},
});
