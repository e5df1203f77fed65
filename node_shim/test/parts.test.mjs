import assert from "node:assert/strict";
import { test } from "node:test";

import { engineFeatures } from "../detect/features.mjs";
import { parseFrame } from "../stacks/frames.mjs";
import { kindOfMessage, meant, uncatchable } from "../errors/traps.mjs";
import { fromWire, isExpected, References, toWire } from "../case/values.mjs";
import { resultList, resultValue } from "../wasm/results.mjs";
import { Wasi } from "../wasi/preview1.mjs";
import { FrameReader, FrameWriter, KIND, readMessage } from "../transport/frames.mjs";

const none = () => undefined;

test("values go over the wire and back bit for bit", () => {
  const references = new References();
  const texts = ["i32:-1", "i64:-9223372036854775808", "f32:0x80000000", "f32:0x00000001", "f64:0x7ff0000000000000", "f64:0x0000000000000001", "externref:7", "externref:null", "funcref:null"];
  for (const text of texts) {
    const value = fromWire(text, references, none);
    assert.equal(toWire(value, text.split(":")[0], references, none), text);
  }
  assert.equal(fromWire("externref:7", references, none), fromWire("externref:7", references, none));
  assert.notEqual(fromWire("externref:7", references, none), fromWire("externref:8", references, none));
  assert.throws(() => fromWire("funcref:gone", references, none), /no exported function gone/);
  assert.throws(() => fromWire("v128:0x00", references, none), TypeError);
});

test("an expected nan takes every NaN and nothing else", () => {
  assert.ok(isExpected("f32:nan", "f32:0x7fa00001"));
  assert.ok(isExpected("f64:nan", "f64:0xfff8000000000000"));
  assert.ok(!isExpected("f32:nan", "f32:0x7f800000"));
  assert.ok(!isExpected("f64:0x8000000000000000", "f64:0x0000000000000000"));
});

test("results are a list whatever their number", () => {
  for (const list of [[], [1], [1, 2]]) assert.deepEqual(resultList(resultValue(list), list.length), list);
});

test("engines' texts have kinds", () => {
  const kinds = {
    "unreachable": "unreachable",
    "divide by zero": "integer-divide-by-zero",
    "remainder by zero": "integer-divide-by-zero",
    "divide result unrepresentable": "integer-overflow",
    "float unrepresentable in integer range": "bad-conversion",
    "memory access out of bounds": "memory-out-of-bounds",
    "table index is out of bounds": "table-out-of-bounds",
    "null function or function signature mismatch": "signature-mismatch",
    "function signature mismatch": "signature-mismatch",
    "dereferencing a null pointer": "null-reference",
    "illegal cast": "bad-cast",
    "Maximum call stack size exceeded": "stack-overflow",
    "trying to suspend JS frames": "suspend-error",
    "attempting to suspend without a WebAssembly.promising export": "suspend-error",
    "Out of bounds memory access (evaluating 'f()')": "memory-out-of-bounds",
    "something new": "other",
  };
  for (const [text, kind] of Object.entries(kinds)) assert.equal(kindOfMessage(text), kind, text);
});

test("an uncatchable error is a real trap that means another", () => {
  const error = new Error("x");
  const thrown = uncatchable(error);
  assert.ok(thrown instanceof WebAssembly.RuntimeError);
  assert.equal(meant(thrown), error);
  assert.equal(meant(error), error);
});

test("frames are read from text", () => {
const place = ":wasm-function[12]:0x1a3";
  const urls = [
    "wasm://wasm/b867106a",
    "http://127.0.0.1:8080/app.wasm",
    "https://cdn.example/npm/@scope/package@1.0.0/app.wasm?a=(1)",
    "file:///folder/app.wasm",
    "data:application/wasm;base64,AGFzbQ==",
    "blob:http://localhost/7b7c",
  ];
  const names = ["leaf", "operator()(int, char*)", "a@b", "with space", "<anonymous>"];
  for (const url of urls) {
    const frame = [url, 12, 0x1a3];
    assert.deepEqual(parseFrame(`    at ${url}${place}`), frame);
    assert.deepEqual(parseFrame(`@${url}${place}`), frame);
    for (const name of names) {
      assert.deepEqual(parseFrame(`    at ${name} (${url}${place})`), frame);
      assert.deepEqual(parseFrame(`${name}@${url}${place}`), frame);
    }
  }
  const script = "http://localhost/app.js line 3 > WebAssembly.Module";
  assert.deepEqual(parseFrame(`leaf@${script}${place}`), [script, 12, 0x1a3]);
  assert.equal(parseFrame("    at main (file:///x.mjs:1:2)"), null);
});

test("frames of the wire come whole however they are cut", async () => {
  const sent = [];
  const writer = new FrameWriter((data) => sent.push(data));
  writer.message(KIND.REQUEST, 1, { é: 1 }, [Buffer.from("ab"), Buffer.alloc(0)]);
  writer.message(KIND.EVENT, 2, {});
  await new Promise(setImmediate);
  assert.equal(sent.length, 1); // one write a turn
  const [stream] = sent;
  const right = [[KIND.REQUEST, 1, { é: 1 }, ["ab", ""]], [KIND.EVENT, 2, {}, []]];
  for (let size = 1; size <= stream.length; size++) {
    const got = [];
    const reader = new FrameReader((kind, view, at) => {
      const { number, content, parts } = readMessage(view, at);
      got.push([kind, number, content, parts.map((part) => Buffer.from(part).toString())]);
    });
    for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size));
    assert.deepEqual(got, right);
  }
});

test("WASI's calls read and write the guest's memory", () => {
  const memory = { buffer: new ArrayBuffer(1024) };
  const wasi = new Wasi({ args: ["prog", "é"], env: { A: "1" }, stdin: "input" });
  const call = (name, ...args) => wasi.functionFor(name, { memory })(...args);
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  assert.equal(call("args_sizes_get", 0, 4), 0);
  assert.deepEqual([view.getUint32(0, true), view.getUint32(4, true)], [2, 8]);
  assert.equal(call("environ_get", 0, 16), 0);
  assert.equal(Buffer.from(bytes.subarray(16, 20)).toString(), "A=1\0");
  view.setUint32(100, 200, true);
  view.setUint32(104, 3, true);
  assert.equal(call("fd_read", 0, 100, 1, 108), 0);
  assert.equal(Buffer.from(bytes.subarray(200, 203)).toString(), "inp");
  assert.equal(call("fd_write", 1, 100, 1, 108), 0);
  assert.equal(wasi.stdout, "inp");
  assert.equal(call("fd_write", 5, 100, 1, 108), 8);
  assert.equal(call("fd_prestat_get", 3, 0), 8);
  assert.equal(call("path_open"), 52);
  assert.equal(call("fd_close", 1), 0);
  assert.equal(call("fd_write", 1, 100, 1, 108), 8);
  assert.equal(call("clock_time_get", 0, 0n, 300), 0);
  assert.ok(Math.abs(Number(view.getBigUint64(300, true)) / 1e6 - Date.now()) < 1000);
});

test("this engine has the features that a Node with JSPI is known for", () => {
  const features = engineFeatures();
  for (const name of ["reference-types", "simd", "legacy-exceptions", "host-exceptions"]) assert.ok(features.includes(name), name);
});
