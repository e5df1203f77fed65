mergeInto(LibraryManager.library, {
  pause_for__sig: "ii",
  pause_for: function (ms) {},
  start_inner__sig: "ii",
  start_inner: function (seed) {},
  call_back__sig: "ii",
  call_back: function (seed) {},
});
