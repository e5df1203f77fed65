;; JavaScript's exceptions are caught by a tag.
(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "tag" (tag $js (param externref)))
  (memory (export "memory") 1)
  (func (export "caught") (param i32) (result i32)
    (try (result i32)
      (do (call $wait (local.get 0)))
      (catch $js (drop (pop externref)) (i32.const 43)))))
