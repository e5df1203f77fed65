// Exports with short names, as Emscripten makes them: the build is known by its code.
const { compiled, bytes, later, show } = require("./guests.cjs");
let guest;
const wait = (n) => {
  if (guest.s() === 2) return guest.r(), n + 10;
  new Int32Array(guest.memory.buffer, 16, 2).set([24, 4096]);
  guest.x(16);
  return 0;
};
(async () => {
  for (const make of [async () => new WebAssembly.Instance(compiled("renamed"), { env: { wait } }), async () => (await WebAssembly.instantiate(bytes("renamed"), { env: { wait } })).instance]) {
    const instance = await make();
    guest = instance.exports;
    show("names", [Object.keys(guest), instance.exports === guest, guest.x.name, guest.x.toString()]);
    guest.run(1);
    guest.u();
    await later(0);
    guest.w(16);
    show("run", guest.run(1));
  }
})();
