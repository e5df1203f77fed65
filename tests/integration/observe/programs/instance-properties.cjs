const { asyncify, show } = require("./guests.cjs");
const i = asyncify();
show("keys", [Object.keys(i), Reflect.ownKeys(i), Object.getOwnPropertyDescriptors(i), Object.isExtensible(i)]);
show("same", [i.exports === i.exports, i.constructor === WebAssembly.Instance, i instanceof WebAssembly.Instance, String(i)]);
const { get, set, ...rest } = Object.getOwnPropertyDescriptor(WebAssembly.Instance.prototype, "exports");
show("getter", [get.name, get.length, get.call(i) === i.exports, get.toString(), set, rest]);
show("inspected", require("node:util").inspect(i));
for (const bad of [undefined, {}, WebAssembly.Instance.prototype]) try { get.call(bad); } catch (e) { show(e.constructor.name, e.message); }
"use strict";
try { i.exports = 1; } catch (e) { show("set", e.message); }
i.own = 1;
show("own", Object.keys(i));
