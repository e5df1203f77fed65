// The call paths from exports to imports, as an icicle: the width is the number of stacks.
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


if (data.nodes.length) picture();
