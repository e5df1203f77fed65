;; A wait in a handler.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "tag" (tag $tag (param i32)))
  (memory (export "memory") 1)
  (func (export "handled") (result i32)
    (try (result i32)
      (do (throw $tag (i32.const 5)))
      (catch $tag (call $wait (pop i32))))))
