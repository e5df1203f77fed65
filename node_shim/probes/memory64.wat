;; memories with 64-bit addresses
;; try v8: --experimental-wasm-memory64
;; try chromium: --experimental-wasm-memory64
;; try firefox: javascript.options.wasm_memory64
;; try wasmtime: wasm_memory64
;; try jsc: --useWasmMemory64=1
(module
  (memory i64 1)
  (func (export "run") (result i32)
    (i32.store (i64.const 65532) (i32.const 41))
    (i32.add (i32.load (i64.const 65532)) (i32.wrap_i64 (memory.size)))))
