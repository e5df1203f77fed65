;; { File f; if (work(fail) && fail) throw 9; } with ~File() { close(); }
(module
  (import "env" "work" (func $work (param i32) (result i32)))
  (import "env" "close" (func $close (param i32) (result i32)))
  (tag $__cpp_exception (param i32))
  (global $closed (mut i32) (i32.const 0))
  (func $~File (param $handle i32)
    (global.set $closed (call $close (local.get $handle))))
  (func $scope (param $fail i32) (result i32)
    (local $handle i32)
    try $t
      (local.set $handle (call $work (local.get $fail)))
      (if (local.get $fail)
        (then (throw $__cpp_exception
          (i32.add (i32.mul (local.get $handle) (i32.const 10)) (i32.const 9)))))
    catch_all
      (call $~File (local.get $handle))
      rethrow $t
    end
    (call $~File (local.get $handle))
    (local.get $handle))
  (func (export "main") (param $fail i32) (result i32)
    (local $digits i32)
    try (result i32)
      (call $scope (local.get $fail))
    catch $__cpp_exception
    end
    (local.set $digits)
    (i32.add (i32.mul (local.get $digits) (i32.const 10)) (global.get $closed))))
