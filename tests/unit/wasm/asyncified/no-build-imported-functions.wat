;;! why = "Imports of these names that are functions are no globals."
(module
  (import "env" "__asyncify_state" (func))
  (import "env" "__asyncify_data" (func)))
