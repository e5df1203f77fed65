;; tail calls: a hundred thousand return_call on one frame
;; try v8: --experimental-wasm-return-call
;; try firefox: javascript.options.wasm_tail_calls
;; try wasmtime: wasm_tail_call
(module
  (func $down (param i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $down (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
  (func (export "run") (result i32) (call $down (i32.const 100000) (i32.const 42))))
