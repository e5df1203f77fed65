;;! why = "The imported globals are told apart by their names."
;;! globals = [2, 0]
;;! instrumented = []
;;! suspending = []
(module
  (import "env" "__asyncify_data" (global $data (mut i32)))
  (import "env" "base" (global i32))
  (import "env" "__asyncify_state" (global $state (mut i32))))
