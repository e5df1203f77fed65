;; Catches what the host throws by JavaScript's own tag, and returns it.
(module
  (import "js" "tag" (tag $thrown (param externref)))
  (import "env" "fail" (func $fail))
  (func (export "run") (result externref)
    (block $caught (result externref)
      (try_table (catch $thrown $caught) (call $fail))
      (ref.null extern))))
