// What Emscripten 6 does for -sJSPI, for 3.1.6, whose glue has no JSPI as engines have it today.
(() => {
  const given = Module["instantiateWasm"]; // a worker's: its module was sent to it
  const side = () => (typeof LDSO === "undefined" ? undefined : LDSO.loadedLibsByName["side.wasm"]?.module);
  let count = 0;
  Module["plainly"] = (name) => Module["asm"][name];
  // Every second call begins in the side module, if there is one.
  Module["promising"] = (name) =>
    WebAssembly.promising(side() && count++ % 2 ? side()[`side_${name}`] : Module["asm"][name]);
  Module["instantiateWasm"] = (imports, receive) => {
    asmLibraryArg.pause_for = new WebAssembly.Suspending(asmLibraryArg.pause_for);
    if (given) return given(imports, receive);
    const file = require("path").join(__dirname, "threads.wasm");
    const module = new WebAssembly.Module(require("fs").readFileSync(file));
    receive(new WebAssembly.Instance(module, imports), module);
    return {};
  };
})();
globalThis.begin?.(Module); // not in threads
