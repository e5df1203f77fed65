// Small modules that an engine has or has not: a feature's name, the module as text, its bytes. The text is what
// tests/unit/node/test_features.py assembles and compares (legacy exceptions have no text that tools still take).

export const FEATURE_MODULES = [
  ["exnref", "(module (tag) (func (block (try_table (catch_all 0)))))", "0061736d01000000010401600000030201000d030100000a0d010b0002401f400102000b0b0b"],
  ["legacy-exceptions", null, "0061736d01000000010401600000030201000a080106000640190b0b"],
  ["function-references", "(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))", "0061736d010000000109026000006001640000030201010a08010600200014000b000b046e616d65040401000174"],
  ["gc", "(module (type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1)))))", "0061736d010000000108025f017f00600000030201010a0a0108004101fb00001a0b000b046e616d65040401000173"],
  ["memory64", '(module (memory (export "m") i64 1))', "0061736d010000000503010401070501016d0200"],
  ["multi-memory", "(module (memory 1) (memory 1))", "0061736d0100000005050200010001"],
  ["multi-value", "(module (func (result i32 i32) (i32.const 1) (i32.const 2)))", "0061736d010000000106016000027f7f030201000a08010600410141020b"],
  ["reference-types", "(module (table 1 externref) (func (param externref) (table.set 0 (i32.const 0) (local.get 0))))", "0061736d0100000001050160016f00030201000404016f00010a0a0108004100200026000b"],
  ["simd", "(module (func (result v128) (v128.const i32x4 1 2 3 4)))", "0061736d010000000105016000017b030201000a16011400fd0c010000000200000003000000040000000b"],
  ["tail-call", "(module (func return_call 0))", "0061736d01000000010401600000030201000a0601040012000b"],
  ["threads", "(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))", "0061736d01000000010401600000030201000504010301010a0b0109004100fe1002001a0b"],
];

/** Suspends in two functions that are called through a table. */
export const ROUND_TRIP_TEXT = `(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (type $t (func (param i32) (result i32)))
  (table 2 funcref) (elem (i32.const 0) $leaf $other)
  (func $leaf (type $t) (i32.add (call $wait (local.get 0)) (i32.const 1)))
  (func $other (type $t) (i32.sub (call $wait (local.get 0)) (i32.const 1)))
  (func (export "run") (param i32) (result i32) (local $sum i32)
    (local.set $sum (call_indirect (type $t) (local.get 0) (i32.and (local.get 0) (i32.const 1))))
    (i32.add (local.get $sum) (call_indirect (type $t) (local.get 0) (i32.const 0)))))`;
export const ROUND_TRIP = "0061736d0100000001060160017f017f020c0103656e76047761697400000304030000000404017000020707010372756e00030908010041000b0201020a300309002000100041016a0b09002000100041016b0b1a01017f2000200041017111000021012001200041001100006a0b002b046e616d6501140300047761697401046c65616602056f746865720208010301010373756d040401000174";

/** try: call env.fail; catch the exported tag e and return its payload; else 0 (legacy exceptions). */
export const HOST_EXCEPTION = "0061736d01000000010c036000006000017f60017f00020c0103656e76046661696c0000030201010d03010002070b02016504000372756e00010a0d010b00067f1000410007000b0b";

export function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g), (byte) => Number.parseInt(byte, 16));
}

function hostExceptions() {
  let tag;
  const fail = () => {
    throw new WebAssembly.Exception(tag, [7]);
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fromHex(HOST_EXCEPTION)), { env: { fail } });
  tag = exports.e;
  return exports.run() === 7;
}

/** Early engines took and gave numbers here, where the standard says BigInt. */
function memory64ByBigInt(hex) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fromHex(hex)));
  return exports.m.grow(0n) === 1n;
}

function works(check) {
  try {
    return check();
  } catch {
    return false;
  }
}

/** The names of the features that this engine has. */
export function engineFeatures() {
  const valid = FEATURE_MODULES.filter(([, , hex]) => WebAssembly.validate(fromHex(hex)));
  const names = valid.filter(([name, , hex]) => name !== "memory64" || works(() => memory64ByBigInt(hex))).map(([name]) => name);
  if (works(hostExceptions)) names.push("host-exceptions");
  return names;
}
