(module
  (import "env" "wait" (func $wait))
  (func (export "main")
    (call $wait)
    (loop $spin (br $spin))))
