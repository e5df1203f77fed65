// Emscripten 6: exports as -sJSPI makes them.
Module["promising"] = Module["plainly"] = (name) => wasmExports[name];
globalThis.begin?.(Module); // not in threads
