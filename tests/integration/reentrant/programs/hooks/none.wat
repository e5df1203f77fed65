;; Hooks that do nothing.
(module
  (func (export "__jspi_enter") (result i64) (i64.const 0))
  (func (export "__jspi_exit") (param i64 i32))
  (func (export "__jspi_suspend") (result i64) (i64.const 0))
  (func (export "__jspi_resume") (param i64 i32)))
