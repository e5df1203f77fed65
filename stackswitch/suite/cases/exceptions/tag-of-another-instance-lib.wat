(module
  (tag $e (export "e") (param i32))
  (func (export "fail") (param $x i32)
    try $t
      (throw $e (local.get $x))
    catch_all
      rethrow $t
    end))
