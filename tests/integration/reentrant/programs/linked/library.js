// Imports of the modules: `host` of `drive.cjs` does the work.
mergeInto(LibraryManager.library, {
  pause_for__sig: "ii",
  pause_for: function (ms) {
    return globalThis.host.pause(ms);
  },
  start_inner__sig: "ii",
  start_inner: function (seed) {
    return globalThis.host.startInner(seed);
  },
  call_back__sig: "ii",
  call_back: function (seed) {
    return globalThis.host.callBack(seed);
  },
});
