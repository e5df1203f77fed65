mergeInto(LibraryManager.library, {
  pause_for__sig: "ii",
  pause_for: function (ms) {
    return new Promise(function (resolve, reject) {
      if (ms > 900) setTimeout(reject, 1, new TypeError("rejected " + ms));
      else setTimeout(resolve, ms, ms);
    });
  },
  fail_with__sig: "ii",
  fail_with: function (value) {
    if (value) throw new TypeError("foreign " + value);
    return 0;
  },
  call_back__sig: "ii",
  call_back: function (value) {
    return Module["_throws"](value);
  },
});
