"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";

  /** An element; text goes in as text, never as markup. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const names = { "needs-list-fix": "lacks names", unsupported: "not there" };
  const STATE_WORDS = {
    instrumented: "instrumented", missing: "missing from the list", "not-needed": "instrumented, never seen at a wait",
    seen: "seen at a wait", possible: "possible by the code, never seen", import: "import that waits",
  };
  const counted = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

  // Light and dark.
  const theme = $("theme");
  const dark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const showTheme = () => theme.setAttribute("aria-pressed", String(dark()));
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    showTheme();
  });
  showTheme();

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
  }
  if (data.cut) $("cut").textContent = "Long texts and stacks were cut to keep this page small; the JSON report has them whole.";

  // What a case did, and a stack, each in a dialog.
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
    const told = make("dl", { class: "told" });
    const texts = new Map(details);
    [...cells].forEach((letter, run) => {
      if (letter === ".") return;
      told.append(make("dt", {}, `${data.runs[run][0]} on ${data.runs[run][1]}`),
        make("dd", {}, cellOf(letter), texts.has(run) ? data.texts[texts.get(run)] : ""));
    });
    const list = make("ul", {}, ...stacks.slice(0, 200).map(stackLink));
    open(id,
      make("p", {}, make("b", {}, data.statusWords[status]), why ? `. ${data.texts[why]}` : ""),
      mend ? make("p", {}, `What to do: ${data.texts[mend]}`) : null, told,
      stacks.length ? make("div", { class: "stacks" }, make("h3", {}, counted(stacks.length, "stack")), list) : null);
  }

  // The matrix: rows that cannot be seen are not in the page.
  function matrix() {
    const ROW = 34;
    const box = $("matrix");
    const table = $("table");
    const [head, body] = [table.tHead, table.tBodies[0]];
    const haystack = data.cases.map(([id, , , details = [], why = 0]) =>
      [id, ...details.map(([, text]) => data.texts[text]), data.texts[why]].join("\n").toLowerCase());
    let shown = data.cases.map((_, at) => at);
    let status = "";
    let runs = data.runs.map((_, at) => at);
    let drawn = "";

    for (const outcome of data.outcomes.filter((_, at) => data.cases.some((each) => lettersOf(at).some((letter) => each[2].includes(letter))))) {
      $("outcome").append(make("option", { value: outcome }, outcome));
    }
    function drawHead() {
      const row = make("tr", {}, make("th", { scope: "col" }, "Case"));
      for (const run of runs) row.append(make("th", { scope: "col" }, make("b", {}, data.runs[run][0]), data.runs[run][1]));
      head.replaceChildren(row);
      const first = parseInt(getComputedStyle(box).getPropertyValue("--first") || "340", 10);
      table.style.minWidth = `${first + 104 * runs.length}px`;
    }
    function draw(force) {
      const first = Math.max(0, Math.floor(box.scrollTop / ROW) - 8);
      const last = Math.min(shown.length, first + Math.ceil((box.clientHeight || 700) / ROW) + 18);
      const key = `${first} ${last}`;
      if (!force && key === drawn) return;
      drawn = key;
      const focused = document.activeElement?.dataset?.row;
      const rows = [];
      for (let at = first; at < last; at++) {
        const entry = data.cases[shown[at]];
        const word = data.statuses[entry[1]];
        const button = make("button", { type: "button", "data-row": at, tabindex: at === first ? "0" : "-1" },
          make("i", { class: `dot status-${word}`, "aria-hidden": "true" }), make("span", { title: entry[0] }, entry[0]),
          make("span", { class: "hidden" }, `: ${data.statusWords[entry[1]]}`));
        const row = make("tr", { "aria-rowindex": at + 2 }, make("th", { scope: "row" }, button));
        for (const run of runs) row.append(make("td", {}, cellOf(entry[2][run])));
        rows.push(row);
      }
      const gap = (height) => {
        const cell = make("td", { class: "gap", colspan: runs.length + 1 });
        cell.style.height = `${height}px`;
        return make("tr", { "aria-hidden": "true" }, cell);
      };
      if (first > 0) rows.unshift(gap(first * ROW));
      if (last < shown.length) rows.push(gap((shown.length - last) * ROW));
      body.replaceChildren(...rows);
      if (focused !== undefined) body.querySelector(`[data-row="${focused}"]`)?.focus({ preventScroll: true });
    }
    function filter() {
      const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
      const number = data.statuses.indexOf(status);
      const at = data.outcomes.indexOf($("outcome").value);
      const letters = at < 0 ? null : lettersOf(at);
      shown = [];
      for (let each = 0; each < data.cases.length; each++) {
        const entry = data.cases[each];
        if (number >= 0 && entry[1] !== number) continue;
        if (letters && !runs.some((run) => letters.includes(entry[2][run]))) continue;
        if (words.length && !words.every((word) => haystack[each].includes(word))) continue;
        shown.push(each);
      }
      box.scrollTop = 0;
      table.setAttribute("aria-rowcount", shown.length + 1);
      $("count").textContent = shown.length === data.cases.length ? counted(shown.length, "case") : `${shown.length.toLocaleString("en")} of ${counted(data.cases.length, "case")}`;
      draw(true);
    }
    box.addEventListener("scroll", () => draw(false), { passive: true });
    new ResizeObserver(() => draw(false)).observe(box);
    $("search").addEventListener("input", filter);
    $("outcome").addEventListener("change", filter);
    for (const chip of document.querySelectorAll("[data-status]")) {
      chip.addEventListener("click", () => {
        status = chip.dataset.status;
        for (const each of document.querySelectorAll("[data-status]")) each.setAttribute("aria-pressed", String(each === chip));
        filter();
      });
    }
    for (const check of document.querySelectorAll("[data-run]")) {
      check.addEventListener("change", () => {
        runs = [...document.querySelectorAll("[data-run]")].filter((each) => each.checked).map((each) => Number(each.dataset.run));
        drawHead();
        filter();
      });
    }
    body.addEventListener("click", (event) => {
      const button = event.target.closest("tr")?.querySelector("button");
      if (button) openCase(data.cases[shown[Number(button.dataset.row)]]);
    });
    body.addEventListener("keydown", (event) => {
      const at = Number(event.target.dataset?.row);
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity }[event.key];
      if (Number.isNaN(at) || step === undefined) return;
      event.preventDefault();
      const to = Math.min(shown.length - 1, Math.max(0, at + step));
      const top = to * ROW;
      if (top < box.scrollTop) box.scrollTop = top;
      if (top + ROW > box.scrollTop + box.clientHeight - 50) box.scrollTop = top + ROW - box.clientHeight + 50;
      draw(true);
      body.querySelector(`[data-row="${to}"]`)?.focus({ preventScroll: true });
    });
    drawHead();
    filter();
  }

  // The ways from exports to imports: an icicle, widths by stacks.
  function picture() {
    const ROW = 24;
    const MOST_DRAWN = 4000;
    const NARROWEST = 3;
    const box = $("picture");
    const children = data.nodes.map(() => []);
    const tops = [];
    data.nodes.forEach(([, parent], at) => (parent < 0 ? tops : children[parent]).push(at));
    const seen = data.nodes.some((node) => node[2] > 0);
    const unseen = data.nodes.some((node) => node[2] === 0);
    $("static").checked = !seen;
    $("staticLabel").hidden = !(seen && unseen);
    const visible = (at) => $("static").checked || data.nodes[at][2] > 0;
    let root = -1;
    let weights = [];
    // Whether a name is missing at a place or below it; children come after their parents.
    const lacks = data.nodes.map(([fn]) => data.states[data.functions[fn][1]] === "missing");
    for (let at = data.nodes.length - 1; at >= 0; at--) if (lacks[at] && data.nodes[at][1] >= 0) lacks[data.nodes[at][1]] = true;
    const nameOf = (at) => {
      const [fn, , , repeat] = data.nodes[at];
      return data.functions[fn][0] + (repeat > 1 ? ` ×${repeat.toLocaleString("en")}` : "");
    };
    function weigh() {
      // Children come after their parents: one pass from the end.
      weights = data.nodes.map(() => 0);
      for (let at = data.nodes.length - 1; at >= 0; at--) {
        if (!visible(at)) continue;
        const own = children[at].length ? 0 : Math.max(data.nodes[at][2], 1);
        weights[at] = Math.max(weights[at], own, data.nodes[at][2]);
        const parent = data.nodes[at][1];
        if (parent >= 0) weights[parent] += weights[at];
      }
    }
    function rect(at, x, y, width) {
      const [fn, , stacks] = data.nodes[at];
      const [, state] = data.functions[fn];
      const word = data.states[state];
      const group = document.createElementNS(SVG, "g");
      group.setAttribute("role", "button");
      group.setAttribute("tabindex", "-1");
      group.setAttribute("data-node", at);
      group.setAttribute("aria-label", `${nameOf(at)}: ${STATE_WORDS[word]}${stacks ? `, on ${counted(stacks, "stack")}` : ""}`);
      const shape = document.createElementNS(SVG, "rect");
      for (const [name, value] of Object.entries({ x: x + 0.5, y: y + 0.5, width: Math.max(width - (width < 7 ? 1 : 1.5), 1), height: ROW - 3, rx: Math.min(3, width / 4), class: `state-${word}${width < 7 ? " sliver" : ""}` })) shape.setAttribute(name, value);
      const title = document.createElementNS(SVG, "title");
      title.textContent = `${nameOf(at)}\n${STATE_WORDS[word]}${stacks ? `, on ${counted(stacks, "stack")}` : ""}`;
      group.append(title, shape);
      if (width >= 31) {
        // The whole name, cut off by its frame: what is seen and what is read aloud are one.
        const frame = document.createElementNS(SVG, "svg");
        for (const [name, value] of Object.entries({ x: x + 6, y, width: width - 10, height: ROW })) frame.setAttribute(name, value);
        const text = document.createElementNS(SVG, "text");
        text.setAttribute("y", 15);
        text.textContent = nameOf(at);
        frame.append(text);
        group.append(frame);
      }
      return group;
    }
    /** Siblings that are too narrow to be told apart, as one: choosing it looks closer at their caller. */
    function rest(all, parent, x, y, width) {
      const group = document.createElementNS(SVG, "g");
      const bad = all.filter((at) => lacks[at]).length;
      group.setAttribute("class", bad ? "rest lacking" : "rest");
      if (parent >= 0) group.setAttribute("data-closer", parent);
      const shape = document.createElementNS(SVG, "rect");
      for (const [name, value] of Object.entries({ x: x + 0.5, y: y + 0.5, width: Math.max(width - 1, 1), height: ROW - 3, rx: Math.min(3, width / 4) })) shape.setAttribute(name, value);
      const title = document.createElementNS(SVG, "title");
      title.textContent = `${counted(all.length, "narrower way")}${bad ? `, names are missing on ${bad}` : ""}`;
      group.append(title, shape);
      if (width > 34) {
        const text = document.createElementNS(SVG, "text");
        text.setAttribute("x", x + 6);
        text.setAttribute("y", y + 15);
        text.textContent = `+${all.length}`;
        group.append(text);
      }
      return group;
    }
    function draw() {
      weigh();
      const width = Math.max(box.clientWidth - 18, 260);
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("role", "group");
      svg.setAttribute("aria-label", "Ways from exports to imports that wait; arrows move, Enter looks closer");
      const level = root < 0 ? tops.filter(visible) : [root];
      const total = level.reduce((sum, at) => sum + weights[at], 0) || 1;
      let open_ = [];
      let from = 0;
      for (const at of level) {
        open_.push([at, from, (weights[at] / total) * width]);
        from += (weights[at] / total) * width;
      }
      let depth = 0;
      let drawn = 0;
      while (open_.length && drawn < MOST_DRAWN) {
        const next = [];
        let narrow = [];
        const gather = () => {
          if (narrow.length) svg.append(rest(narrow.map(([at]) => at), data.nodes[narrow[0][0]][1], narrow[0][1], depth * ROW, narrow.reduce((sum, [, , w]) => sum + w, 0)));
          narrow = [];
        };
        for (const [at, x, w] of open_) {
          if (drawn >= MOST_DRAWN) break;
          if (narrow.length && (w >= NARROWEST || data.nodes[narrow[0][0]][1] !== data.nodes[at][1])) gather();
          if (w < NARROWEST) {
            narrow.push([at, x, w]);
            continue;
          }
          svg.append(rect(at, x, depth * ROW, w));
          drawn++;
          const below = children[at].filter(visible);
          const sum = Math.max(below.reduce((total_, each) => total_ + weights[each], 0), weights[at]) || 1;
          let left = x;
          for (const each of below) {
            next.push([each, left, (weights[each] / sum) * w]);
            left += (weights[each] / sum) * w;
          }
        }
        gather();
        open_ = next;
        depth++;
      }
      svg.setAttribute("viewBox", `0 0 ${width} ${depth * ROW}`);
      svg.style.height = `${depth * ROW}px`;
      svg.querySelector("g[data-node]")?.setAttribute("tabindex", "0");
      box.replaceChildren(svg);
      crumbs();
      stacksHere();
      find();
    }
    function crumbs() {
      const way = [];
      for (let at = root; at >= 0; at = data.nodes[at][1]) way.unshift(at);
      const parts = [];
      for (const at of way) {
        const button = make("button", { type: "button" }, nameOf(at));
        button.addEventListener("click", () => zoom(at));
        parts.push(parts.length ? " › " : "", button);
      }
      $("crumbs").replaceChildren(...parts);
      $("crumbs").hidden = !way.length;
      $("whole").disabled = root < 0;
    }
    function stacksHere() {
      const found = [];
      const open_ = root < 0 ? [...tops] : [root];
      while (open_.length && found.length < 200) {
        const at = open_.shift();
        if (data.nodes[at][4] >= 0) found.push(data.nodes[at][4]);
        open_.push(...children[at]);
      }
      if (root < 0 && !found.length) found.push(...data.stacks.keys());
      found.sort((one, other) => lacking(other).length - lacking(one).length); // those that tell most first, else as they are drawn
      const shown = found.slice(0, 8);
      const list = make("ul", {}, ...shown.map(stackLink));
      $("stacksTitle").textContent = root < 0 ? "Stacks" : `Stacks through ${nameOf(root)}`;
      const more = found.length > shown.length ? make("p", {}, make("small", {}, `and ${found.length >= 200 ? "many" : found.length - shown.length} more: look closer`)) : "";
      $("stacks").replaceChildren(found.length ? list : make("p", {}, make("small", {}, "No stack was seen here: the code allows the way.")), more);
    }
    function zoom(at, focus = true) {
      root = at;
      draw();
      if (focus) box.querySelector("g")?.focus();
    }
    function choose(at) {
      if (data.nodes[at][4] >= 0 && !children[at].length) openStack(data.nodes[at][4]);
      else zoom(at === root ? data.nodes[at][1] : at);
    }
    function find() {
      const word = $("find").value.trim().toLowerCase();
      let hits = 0;
      for (const group of box.querySelectorAll("g[data-node]")) {
        const hit = word && data.functions[data.nodes[group.dataset.node][0]][0].toLowerCase().includes(word);
        group.classList.toggle("hit", Boolean(hit));
        group.classList.toggle("missed", Boolean(word) && !hit);
        hits += Boolean(hit);
      }
      const all = word ? data.functions.filter(([name]) => name.toLowerCase().includes(word)).length : 0;
      $("found").textContent = word ? `${counted(all, "function")}, ${hits} here` : data.leftOut ? `${counted(data.leftOut, "place")} too small to draw` : "";
    }
    box.addEventListener("click", (event) => {
      const group = event.target.closest("g[data-node]");
      const closer = event.target.closest("g[data-closer]");
      if (group) choose(Number(group.dataset.node));
      else if (closer) zoom(Number(closer.dataset.closer));
    });
    box.addEventListener("keydown", (event) => {
      const at = Number(event.target.dataset?.node);
      if (Number.isNaN(at)) return;
      const parent = data.nodes[at][1];
      const siblings = (at === root ? [at] : parent < 0 ? tops : children[parent]).filter(visible);
      const to = {
        ArrowRight: siblings[siblings.indexOf(at) + 1], ArrowLeft: siblings[siblings.indexOf(at) - 1],
        ArrowDown: children[at].find(visible), ArrowUp: at === root ? undefined : parent,
      };
      if (event.key === "Enter" || event.key === " ") choose(at);
      else if (event.key === "Escape") zoom(-1);
      else if (!(event.key in to)) return;
      else box.querySelector(`g[data-node="${to[event.key]}"]`)?.focus();
      event.preventDefault();
    });
    $("whole").addEventListener("click", () => zoom(-1));
    $("static").addEventListener("change", () => zoom(-1, false));
    $("find").addEventListener("input", find);
    let width = 0;
    new ResizeObserver(() => {
      if (Math.abs(box.clientWidth - width) > 20) {
        width = box.clientWidth;
        draw();
      }
    }).observe(box);
    draw();
  }

  if (data.cases.length) matrix();
  if (data.nodes.length) picture();
})();
