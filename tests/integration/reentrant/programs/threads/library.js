// Imports of threads.c, in every thread. What is promising there is in `Module.promising`, see `jspi.js` and `exports.js`.
mergeInto(LibraryManager.library, {
  $calls: {
    nap: function (ms) {
      return new Promise(function (done) {
        if (ms) setTimeout(done, ms);
        else setImmediate(done);
      });
    },
    // Begin calls one after another, while others wait; give the sum of what they return.
    run: function (seed, count) {
      var all = [];
      var begin = function (at) {
        if (at === count) return Promise.all(all);
        all.push(
          Module["promising"]("work")(seed * 16 + at).catch(function (error) {
            console.error(error);
            return 1000;
          }),
        );
        return calls.nap(at % 3).then(function () {
          return begin(at + 1);
        });
      };
      return begin(0).then(function (results) {
        return results.reduce(function (sum, each) { return sum + each; }, 0);
      });
    },
  },
  pause_for__sig: "ii",
  pause_for__deps: ["$calls"],
  pause_for: function (ms) {
    return calls.nap(ms).then(function () {
      return ms;
    });
  },
  call_back__sig: "ii",
  call_back: function (seed) {
    return Module["plainly"]("plain")(seed);
  },
  run_calls__sig: "iii",
  run_calls__deps: ["$calls"],
  run_calls: function (seed, count) {
    return calls.run(seed, count);
  },
  begin_calls__sig: "vii",
  begin_calls__deps: ["$calls"],
  begin_calls: function (seed, count) {
    calls.run(seed, count).then(function (wrong) {
      Module["plainly"]("finished")(wrong);
    });
  },
});
