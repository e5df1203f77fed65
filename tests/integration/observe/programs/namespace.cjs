const { show } = require("./guests.cjs");
show("names", [Reflect.ownKeys(WebAssembly), Object.keys(WebAssembly), String(WebAssembly), Object.isExtensible(WebAssembly)]);
for (const name of Object.getOwnPropertyNames(WebAssembly)) {
  const { value, ...flags } = Object.getOwnPropertyDescriptor(WebAssembly, name);
  if (typeof value !== "function") continue;
  show(name, [flags, value.name, value.length, value.toString(), `${value}`, Reflect.ownKeys(value), "prototype" in value]);
  if (value.prototype) show("prototype", [value.prototype.constructor === value, Reflect.ownKeys(value.prototype), Object.getOwnPropertyDescriptor(value.prototype, "constructor").enumerable]);
}
const { toString } = Function.prototype;
show("toString", [toString.toString(), toString.name, toString.length, toString.call(toString), Reflect.ownKeys(toString), toString.call(class A {}), toString.call(() => 1)]);
try { toString.call({}); } catch (e) { show(e.constructor.name, e.message); }
