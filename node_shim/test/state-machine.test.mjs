// The polyfill's state machine, by the table that the Python one is tested against too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { NORMAL, REWINDING, StateMachine, UNWINDING } from "../polyfill/state-machine.mjs";

const { rows } = JSON.parse(readFileSync(new URL("../../tests/data/asyncify-transitions.json", import.meta.url), "utf8"));
const STATES = { normal: NORMAL, unwinding: UNWINDING, rewinding: REWINDING };
const WAIT = () => {};
const OTHER = () => {};

function machineIn(state) {
  const machine = new StateMachine();
  const call = { waitsIn: null };
  machine.enter();
  if (state !== "running") {
    machine.claim(call);
    machine.unwind(call, WAIT);
  }
  if (state === "suspended" || state === "rewinding") machine.left();
  if (state === "rewinding") machine.rewind(call);
  return { machine, call };
}

const EVENTS = {
  enter: (machine) => machine.enter(),
  "plain-import": (machine) => machine.plainImport(),
  "waiting-import": (machine, call, { other, saved }) => machine.waitingImport(call, other ? OTHER : WAIT, saved),
  unwind: (machine, call) => machine.unwind(call, WAIT),
  left: (machine) => machine.left(),
  rewind: (machine, call) => machine.rewind(call),
  forget: (machine, call) => machine.forget(call),
};

for (const row of rows) {
  test(`${row.state}: ${row.event}${row.other ? " (another)" : ""}${row.saved ? `, ${row.saved} bytes left` : ""}`, () => {
    const { machine, call } = machineIn(row.state);
    const before = machine.state;
    if (row.breaks !== undefined) {
      assert.throws(() => EVENTS[row.event](machine, call, row), { name: "AsyncifyError", rule: row.breaks });
      assert.equal(machine.state, before);
      return;
    }
    const returned = EVENTS[row.event](machine, call, row);
    assert.equal(machine.state, STATES[row.then]);
    if (row.returns !== undefined) assert.equal(returned, row.returns);
    if (row.suspended !== undefined) assert.equal(call.waitsIn !== null, row.suspended);
  });
}

test("the data block goes from call to call", () => {
  const { machine, call } = machineIn("suspended");
  const other = { waitsIn: null };
  assert.equal(machine.claim(call), null);
  assert.equal(machine.claim(other), call);
  assert.equal(machine.forget(call), false);
  assert.equal(machine.forget(other), true);
  assert.equal(machine.claim(call), null);
});

test("dropping a call that is not in the switch leaves the state alone", () => {
  const { machine } = machineIn("unwinding");
  machine.forget({ waitsIn: WAIT });
  assert.equal(machine.state, UNWINDING);
});
