;; shared memories and atomics
;; try wasmtime: wasm_threads shared_memory
(module
  (memory 1 1 shared)
  (func (export "run") (result i32)
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 40)))
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 2)))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
    (i32.atomic.load (i32.const 0))))
