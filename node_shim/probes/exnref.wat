;; exceptions with exnref: try_table, throw_ref
;; try v8: --experimental-wasm-exnref
;; try chromium: --experimental-wasm-exnref
;; try wasmtime: wasm_exceptions
(module
  (tag $e (param i32))
  (func (export "run") (result i32)
    (local $caught exnref)
    (block $again (result i32 exnref)
      (try_table (result i32 exnref) (catch_ref $e $again)
        (block $first (result i32 exnref)
          (try_table (result i32 exnref) (catch_ref $e $first) (throw $e (i32.const 42))))
        (throw_ref)))
    (drop)))
