import { bytes, asyncifyImports, runAsyncify } from "./guests.cjs";
const headers = { "content-type": "application/wasm" };
const response = (init = { headers }) => new Response(bytes("asyncify"), init);
let guest;
const imports = asyncifyImports(() => guest);
for (const source of [response(), Promise.resolve(response()), (async () => response())(), { then: (done) => done(response()) }]) {
  const { instance, module } = await WebAssembly.instantiateStreaming(source, imports);
  guest = instance.exports;
  console.log(await runAsyncify(guest, 1), module instanceof WebAssembly.Module, Object.keys(instance), source.bodyUsed);
}
const one = response();
const { body } = one;
const compiling = WebAssembly.compileStreaming(one);
console.log(one.body === body, one.bodyUsed, Reflect.ownKeys(one).length);
console.log(WebAssembly.Module.exports(await compiling).length, one.bodyUsed, one.body === body, one.body.locked, Reflect.ownKeys(body).length);
const used = response();
await used.arrayBuffer();
for (const bad of [used, response({}), response({ headers, status: 404 }), new Response(null, { headers }), new Response("no module", { headers }), Promise.reject(new Error("own")), 1, null, {}]) {
  await WebAssembly.compileStreaming(bad).then(console.log, (e) => console.log(e.constructor.name, e.code, e.message));
}
const data = `data:application/wasm;base64,${bytes("asyncify").toString("base64")}`;
guest = (await WebAssembly.instantiateStreaming(fetch(data), imports)).instance.exports;
console.log(await runAsyncify(guest, 3));
