const { asyncify, show } = require("./guests.cjs");
const { exports: guest } = asyncify();
show("exports", [Object.getPrototypeOf(guest), Object.isFrozen(guest), Object.isExtensible(guest), Object.keys(guest)]);
for (const [name, d] of Object.entries(Object.getOwnPropertyDescriptors(guest))) show(name, [d.enumerable, d.writable, d.configurable, typeof d.value]);
for (const f of Object.values(guest)) if (typeof f === "function") show(f.name, [f.length, f.toString(), Object.getOwnPropertyDescriptors(f), "prototype" in f, Reflect.ownKeys(f)]);
show("inspected", require("node:util").inspect(guest));
show("string", [Object.prototype.toString.call(guest), JSON.stringify(guest)]);
try { (() => { "use strict"; guest.more = 1; })(); } catch (e) { show(e.constructor.name, e.message); }
