// The call tree drawn as an icicle: a row of boxes for each depth; the width of a box is the number of stacks.

const BOX_HEIGHT = 24;
const MOST_BOXES = 4000;
const NARROWEST = 3; // pixels; narrower siblings become one box

const boxShape = (x, y, width, attributes = {}) => makeSvg("rect", { x: x + 0.5, y: y + 0.5, width: Math.max(width, 1), height: BOX_HEIGHT - 3, ...attributes });

function nodeBox(tree, at, x, y, width) {
  const [fn, , stacks] = data.nodes[at];
  const state = tree.stateOf(fn);
  const isSliver = width < 7;
  const description = `${STATE_WORDS[state]}${stacks ? `, on ${counted(stacks, "stack")}` : ""}`;
  const shape = boxShape(x, y, width - (isSliver ? 1 : 1.5), { rx: Math.min(3, width / 4), class: `state-${state}${isSliver ? " sliver" : ""}` });
  const attributes = { role: "button", tabindex: "-1", "data-node": at, "aria-label": `${tree.nameOf(at)}: ${description}` };
  const group = makeSvg("g", attributes, makeSvg("title", {}, `${tree.nameOf(at)}\n${description}`), shape);
  if (width >= 31) {
    // The whole name, clipped by its frame: the visible text and the accessible name are the same.
    const frame = { x: x + 6, y, width: width - 10, height: BOX_HEIGHT };
    group.append(makeSvg("svg", frame, makeSvg("text", { y: 15 }, tree.nameOf(at))));
  }
  return group;
}

/** One box for siblings that are too narrow: choosing it zooms to their caller. */
function mergedBox(tree, siblings, y) {
  const [[first, x]] = siblings;
  const width = siblings.reduce((sum, [, , each]) => sum + each, 0);
  const missing = siblings.filter(([at]) => tree.hasMissing[at]).length;
  const title = `${counted(siblings.length, "narrower way")}${missing ? `, names are missing on ${missing}` : ""}`;
  const group = makeSvg("g", { class: missing ? "rest lacking" : "rest" },
    makeSvg("title", {}, title), boxShape(x, y, width - 1, { rx: Math.min(3, width / 4) }));
  if (tree.parent(first) >= 0) group.setAttribute("data-closer", tree.parent(first));
  if (width > 34) group.append(makeSvg("text", { x: x + 6, y: y + 15 }, `+${siblings.length}`));
  return group;
}

/** Places of nodes side by side, [node, x, width] each: `width` pixels for `total` stacks. */
function placed(nodes, weights, from, width, total) {
  let x = from;
  return nodes.map((at) => {
    const own = (weights[at] / total) * width;
    x += own;
    return [at, x - own, own];
  });
}

/** The boxes of a row, in groups: a box alone, or siblings to be merged. */
function* groupsOf(row, tree) {
  let narrow = [];
  for (const place of row) {
    const [at, , width] = place;
    if (narrow.length && (width >= NARROWEST || tree.parent(narrow[0][0]) !== tree.parent(at))) {
      yield narrow;
      narrow = [];
    }
    if (width < NARROWEST) narrow.push(place);
    else yield [place];
  }
  if (narrow.length) yield narrow;
}

function drawIcicle(tree, width) {
  const svg = makeSvg("svg", { role: "group", "aria-label": "Ways from exports to imports that wait; arrows move, Enter looks closer" });
  const weights = tree.weights();
  const sum = (nodes) => nodes.reduce((total, at) => total + weights[at], 0);
  let row = placed(tree.level, weights, 0, width, sum(tree.level) || 1);
  let y = 0;
  for (let drawn = 0; row.length && drawn < MOST_BOXES; y += BOX_HEIGHT) {
    const next = [];
    for (const group of groupsOf(row, tree)) {
      const [[at, x, own]] = group;
      if (own < NARROWEST) {
        svg.append(mergedBox(tree, group, y));
        continue;
      }
      if (drawn++ >= MOST_BOXES) break;
      svg.append(nodeBox(tree, at, x, y, own));
      const below = tree.below(at);
      next.push(...placed(below, weights, x, own, Math.max(sum(below), weights[at]) || 1));
    }
    row = next;
  }
  svg.setAttribute("viewBox", `0 0 ${width} ${y}`);
  svg.style.height = `${y}px`;
  svg.querySelector("g[data-node]")?.setAttribute("tabindex", "0");
  return svg;
}
