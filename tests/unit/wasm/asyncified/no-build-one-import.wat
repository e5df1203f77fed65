;;! why = "One of the two imported globals alone makes no build."
(module
  (import "env" "__asyncify_state" (global $state (mut i32)))
  (import "env" "other" (global (mut i32))))
