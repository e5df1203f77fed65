;;! why = "start_unwind sets the state to 1 and the data to its argument, whatever its export is called."
;;! globals = [0, 1]
;;! instrumented = []
;;! suspending = []
(module
  (memory 1)
  (global $state (mut i32) (i32.const 0)) (global $data (mut i32) (i32.const 0))
  (func (export "renamed") (param i32)
    (global.set $state (i32.const 1)) (global.set $data (local.get 0)) (drop (global.get $data))))
