// Writes the programs that `stackswitch explore` runs, a line each: every function of Lua's standard library, found by asking
// Lua, with arguments whose use waits, in every place from which C calls back into Lua; then every operator and statement
// with operands that wait. Nothing in it is of Lua's code: it was written by the manual.
import { runLua } from "./lua.mjs";

const put = (id, program) => process.stdout.write(`${JSON.stringify({ id, program })}\n`);

/** What programs begin with: values that wait when they are used, in whatever way that is. */
const PRELUDE = `
local raw = wait
local left = 60 -- a program that goes on and on comes to an end
local function W(value) left = left - 1 if left < 0 then error("enough") end raw(1) return value end
local meta = { __name = "magic" }
local function M(n) return setmetatable({ n = n or 1 }, meta) end
for _, each in ipairs { "add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot" } do
  meta["__" .. each] = function() return W(1) end
end
meta.__concat = function() return W("c") end
meta.__len = function() return W(2) end
meta.__eq = function() return W(true) end
meta.__lt = function(a, b) return W((a.n or 0) < (b.n or 0)) end
meta.__le = function() return W(true) end
meta.__index = function(_, key) return W(type(key) == "number" and key <= 3 and key or nil) end
meta.__newindex = function(t, key, value) W() rawset(t, key, value) end
meta.__call = function(_, ...) W() return ... end
meta.__tostring = function() return W("magic") end
meta.__pairs = function(t) W() return function(_, key) return W(not key and 1 or nil), 1 end, t, nil end
meta.__close = function() W() end
meta.__gc = function() if left > 0 then raw(1) end end
local function callback(...) W() return ... end
local function once() local done return function() W() if done then return nil end done = true return "return 1" end end
local function fails() W() error(M()) end
local function less(a, b) return W(tostring(a) < tostring(b)) end
local function keep(x) return x end
`;

/** What functions are called with, alone and together. */
const ARGUMENTS = [
  "", "callback", "M()", "once()", "fails", "coroutine.create(callback)", '"%d+ %s a1b2"', '"a1b2", "%w", callback', '"a1b2", "%w", M()',
  '"%s %q %d", M(), "x", 1', '"%s", M()', "{3, 1, 2, 4, 6, 5}, less", "M(), M()", "{M(3), M(1), M(2), M(5), M(4)}", "M(), 1, 2", "M(), 1, 2, 3", "M(), 1, 3, 2, {}",
  "M(), ','", "{1, 2, 3}, ',', 1, 3", "M(), 1", "callback, M()", "callback, callback", "fails, callback", "fails, fails, M()", "fails, M()", "once(), '=x', 't', M()",
  '"return wait(1)", "=x", "t", setmetatable({ wait = raw }, meta)', 'string.dump(function() return wait(1) end)', "1", "1, M()", '"x"', '"x", M()', "{}, meta", "M(), nil", "M(), 'n', 2",
  "coroutine.create(fails)", "coroutine.create(callback), M()", 'callback, "crl", 1', '"collect"', '"step", 10', '"generational"', '"incremental"', '{M(), "x"}', "M(), 2, 2, {}", "nil, M()", "false, M()", "2, M(), 3",
];

/** From where a piece of a program is run: each of these lays other frames of C below it. */
const PLACES = {
  plain: (code) => code,
  pcall: (code) => `pcall(function() ${code} end)`,
  xpcall: (code) => `xpcall(function() ${code} end, function(e) W() return tostring(e) end)`,
  coroutine: (code) => `local co = coroutine.create(function() ${code} end) coroutine.resume(co) coroutine.resume(co) coroutine.close(co)`,
  wrap: (code) => `for _ in coroutine.wrap(function() coroutine.yield(1) ${code} end) do W() end`,
  gsub: (code) => `("a"):gsub("a", function() ${code} end)`,
  sort: (code) => `table.sort({ 1, 2 }, function(a, b) ${code} ; return a < b end)`,
  load: (code) => `local n = 0 load(function() n = n + 1 if n == 1 then ${code} ; return "return 1" end end)()`,
  pieces: (code) => `local text, at = [==[W() local M, keep, callback, raw, meta = ... ${code}]==], 1 left = #text
    load(function() at = at + 2 return W(text:sub(at - 2, at - 1)) end)(M, keep, callback, raw, meta)`,
  index: (code) => `local _ = setmetatable({}, { __index = function() ${code} end }).x`,
  close: (code) => `do local x <close> = setmetatable({}, { __close = function() ${code} end }) end`,
  gc: (code) => `setmetatable({}, { __gc = function() ${code} end }) collectgarbage()`,
  hook: (code) => `if debug then local on = true debug.sethook(function() if on then on = false ${code} end end, "l") end\n local x = 1`,
  handler: (code) => `xpcall(error, function() ${code} end)`,
  tostring: (code) => `tostring(setmetatable({}, { __tostring = function() ${code} ; return "" end }))`,
  tailcall: (code) => `local function f() ${code} end local function g() return f() end g()`,
  iterator: (code) => `for _ in function(_, c) if not c then ${code} ; return 1 end end do end`,
};

const UNARY = ["-M()", "~M()", "#M()", "not M()"];
const BINARY = ["+", "-", "*", "/", "%", "^", "//", "&", "|", "~", "<<", ">>", "..", "==", "~=", "<", "<=", ">", ">="];
const OPERANDS = [["M()", "M()"], ["M()", "1"], ["1", "M()"], ["M()", "2.5"], ["M()", "1000000"], ["M()", '"x"'], ['"x"', "M()"], ["keep(1)", "M()"]];
const STATEMENTS = [
  "local x = M().field", "local x = M()[1]", "local x = M()[300]", "local x = M()[keep('k')]", "local x = M()[1.5]", "M().field = 1", "M()[1] = 2", "M()[keep('k')] = M()", "local t = M() t.a, t.b = 1, 2",
  "M()()", "M()(1, 2, 3)", "return M()(...)", "M():method(1)", "local x = {M()(1, 2)}", "for i in M() do end", "for k, v in pairs(M()) do W() end", "for i, v in ipairs(M()) do W() end",
  "for k in next, {1}, nil do W() end", "for i = 1, 2 do W() end", "for x in callback, nil, nil, M() do break end", "local x <close> = M()", "local x <close> = M() error(M())", "do local a <close> = M() local b <close> = M() goto out end ::out::",
  "local x = W(1) .. M() .. 'a' .. 1", "if M() < M() then W() end", "while M() == M() do W() break end", "repeat W() until M() <= M()", "local function f(...) return select('#', ...), W(...) end f(1, 2)", "local function f(n) W() if n > 0 then return f(n - 1) end end f(5)",
  "local function f(n) if n > 0 then f(n - 1) end W() end f(30)", "local t = setmetatable({}, {__index = M()}) local x = t.y", "local t = setmetatable({}, {__newindex = M()}) t.y = 1", "_ENV = setmetatable({}, meta) x = y",
  "error(setmetatable({}, {__tostring = callback}))", "error('x' .. W('y'))", "coroutine.yield(W(1))", "local co = coroutine.wrap(function() local x <close> = M() coroutine.yield(W()) error('e') end) co() pcall(co)",
  "local co = coroutine.create(function() local x <close> = M() coroutine.yield() end) coroutine.resume(co) coroutine.close(co)", "pcall(pcall, pcall, callback)", "coroutine.wrap(pcall)(callback)", "string.format('%s', M())", "print(M(), W(1))", "os.exit(W(0))", "io.write(W('x'))", "local t = {} for i = 1, 100 do t[i] = M() end t = nil collectgarbage()", "require(W('nothing'))", "assert(false, M())", "assert(nil, W('x'))",
];

const list = `local out = {} for _, lib in ipairs { "_G", "string", "table", "coroutine", "math", "os", "io", "debug", "utf8", "package" } do
  local of = lib == "_G" and _G or _G[lib] or {}
  for name, value in pairs(of) do if type(value) == "function" and name ~= "wait" then out[#out + 1] = (lib == "_G" and "" or lib .. ".") .. name end end
end table.sort(out) print(table.concat(out, " "))`;
const functions = (await runLua(list)).trim().split(" ");

const write = (id, code, place = "plain") => put(`${id}/${place}`, `${PRELUDE}\n${PLACES[place](`W() ${code}`)}`);
for (const place of Object.keys(PLACES)) write("wait", "W()", place);
for (const [at, code] of STATEMENTS.entries()) for (const place of Object.keys(PLACES)) write(`statement-${at}`, `do ${code} end`, place);
for (const code of UNARY) write(code, `local x = ${code}`);
for (const operator of BINARY) {
  for (const [left, right] of OPERANDS) {
    write(`${left} ${operator} ${right}`, `local a, b = ${left}, ${right} local x = a ${operator} b x = ${left} ${operator} ${right} if ${left} ${operator} ${right} then W() end`);
  }
}
for (const name of functions) {
  // Each with one call that may fail to a program; those that end it come last.
  for (const [at, given] of ARGUMENTS.entries()) {
    write(`${name}(${at})`, `local a, b = pcall(${name}${given ? `, ${given}` : ""}) if type(a) == "function" then pcall(a) end if type(b) == "function" then pcall(b, 1) end`);
    write(`${name}(${at})/bare`, `${name}(${given})`, Object.keys(PLACES)[at % Object.keys(PLACES).length]);
  }
}
