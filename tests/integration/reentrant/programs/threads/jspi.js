// What Emscripten 6 does for -sJSPI, for 3.1.6, whose glue has no JSPI as engines have it today.
(() => {
  const given = Module["instantiateWasm"]; // a worker's: its module was sent to it
  Module["plainly"] = (name) => Module["asm"][name];
  Module["promising"] = (name) => WebAssembly.promising(Module["asm"][name]);
  Module["instantiateWasm"] = (imports, receive) => {
    imports.env.pause_for = new WebAssembly.Suspending(imports.env.pause_for);
    if (given) return given(imports, receive);
    const file = require("path").join(__dirname, "threads.wasm");
    const module = new WebAssembly.Module(require("fs").readFileSync(file));
    receive(new WebAssembly.Instance(module, imports), module);
    return {};
  };
})();
globalThis.begin?.(Module); // not in threads
