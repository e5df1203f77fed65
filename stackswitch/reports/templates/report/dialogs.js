// Dialogs: what a case did, and one stack.

const dialog = $("dialog");
$("close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
function open(title, ...body) {
  $("dialogTitle").textContent = title;
  $("dialogBody").replaceChildren(...body.filter(Boolean));
  if (!dialog.open) dialog.showModal();
  $("dialogBody").scrollTop = 0;
}

// A cell is a letter, its outcome's: a capital where it works; a digit where to fail is what the case is about.
const lettersOf = (at) => ["abcdefghi"[at], "ABCDEFGHI"[at], "012345678"[at]];
const outcomeAt = (letter) => data.outcomes.findIndex((_, at) => lettersOf(at).includes(letter));
const KINDS = { "needs-list-fix": "list", unsupported: "not", skipped: "not" };
function cellOf(letter) {
  if (letter === ".") return make("span", { class: "cell none" }, "–");
  const at = outcomeAt(letter);
  const outcome = data.outcomes[at];
  const how = lettersOf(at).indexOf(letter);
  const kind = how === 1 ? "yes" : how === 2 ? "meant" : KINDS[outcome] ?? "no";
  const mark = how > 0 ? "✓" : kind === "not" ? "○" : "✗";
  return make("span", { class: `cell ${kind}`, title: how === 2 ? `${outcome}, as it should` : outcome }, `${mark} ${names[outcome] ?? outcome}`);
}

const lacking = (number) => [...new Set(data.stacks[number][2].filter((fn, at) => at % 2 === 0 && data.states[data.functions[fn][1]] === "missing"))];

function stackLink(number) {
  const [import_, export_, runs, count] = data.stacks[number];
  const depth = runs.reduce((sum, each, at) => sum + (at % 2 ? each : 0), 0);
  const inner = runs.filter((_, at) => at % 2 === 0).slice(1).slice(-4).map((fn) => data.functions[fn][0]);
  const lost = lacking(number).map((fn) => data.functions[fn][0]);
  const button = make("button", { type: "button", class: "stackLink" },
    make("code", {}, make("bdi", {}, [export_, ...(runs.length > 10 ? ["…"] : []), ...inner].join(" › ") + ` → ${import_}`)),
    ...(lost.length ? [make("span", { class: "badge level-not-ready" }, lost.length > 1 || lost[0].length > 24 ? `${lost.length} missing` : `${lost[0]} missing`)] : []),
    make("span", {}, `${counted(depth, "frame")}${count > 1 ? `, ${count.toLocaleString("en")} times` : ""}`));
  button.addEventListener("click", () => openStack(number));
  return make("li", {}, button);
}

function openStack(number) {
  const [import_, export_, runs, count, jsFrames, backend, truncated] = data.stacks[number];
  const frames = [];
  for (let at = 0; at < runs.length; at += 2) for (let n = 0; n < runs[at + 1]; n++) frames.push(runs[at]);
  frames.reverse();
  const viewer = frameList(frames);
  const missing = new Set(frames.filter((each) => data.states[data.functions[each][1]] === "missing").map((each) => data.functions[each][0]));
  open(`${export_} → ${import_}`,
    make("p", {}, `Waits in ${import_}; ${counted(frames.length, "frame")}, innermost first${backend ? `; seen on ${backend}` : ""}${count > 1 ? `, ${count.toLocaleString("en")} times` : ""}.${truncated ? " It goes on, unseen." : ""}`),
    missing.size ? make("p", { class: "bad" }, `Missing from the list: ${[...missing].slice(0, 20).join(", ")}${missing.size > 20 ? ` and ${missing.size - 20} more` : ""}`) : null,
    jsFrames.length ? make("p", {}, `JavaScript between: ${jsFrames.join("; ")}`) : null,
    viewer);
  viewer.draw();
}

/** A list of any length, of which only what can be seen is in the page. */
function frameList(frames) {
  const ROW = 26;
  const list = make("ol", { style: `height:${frames.length * ROW}px` });
  const box = make("div", { class: "frames", tabindex: "0", role: "region", "aria-label": `Stack of ${frames.length} frames` }, list);
  box.draw = () => {
    const first = Math.max(0, Math.floor(box.scrollTop / ROW) - 10);
    const last = Math.min(frames.length, first + Math.ceil((box.clientHeight || 420) / ROW) + 20);
    const rows = [];
    for (let at = first; at < last; at++) {
      const [name, state] = data.functions[frames[at]];
      const word = data.states[state];
      rows.push(make("li", { style: `top:${at * ROW}px`, "aria-posinset": at + 1, "aria-setsize": frames.length },
        make("span", {}, String(at)), make("i", { class: `state state-${word}`, "aria-hidden": "true" }), make("span", { title: name }, name),
        make("span", { class: "hidden" }, STATE_WORDS[word])));
    }
    list.replaceChildren(...rows);
  };
  box.addEventListener("scroll", box.draw, { passive: true });
  return box;
}

function openCase(entry) {
  const [id, status, cells, details = [], why = 0, mend = 0, stacks = []] = entry;
  const outcomes = make("dl", { class: "outcomes" });
  const texts = new Map(details);
  [...cells].forEach((letter, run) => {
    if (letter === ".") return;
    outcomes.append(make("dt", {}, `${data.runs[run][0]} on ${data.runs[run][1]}`),
      make("dd", {}, cellOf(letter), texts.has(run) ? data.texts[texts.get(run)] : ""));
  });
  const list = make("ul", {}, ...stacks.slice(0, 200).map(stackLink));
  open(id,
    make("p", {}, make("b", {}, data.statusWords[status]), why ? `. ${data.texts[why]}` : ""),
    mend ? make("p", {}, `What to do: ${data.texts[mend]}`) : null, outcomes,
    stacks.length ? make("div", { class: "stacks" }, make("h3", {}, counted(stacks.length, "stack")), list) : null);
}
