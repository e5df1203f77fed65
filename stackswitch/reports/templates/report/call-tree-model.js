// The tree of call paths from exports to imports: which nodes are shown, and how wide each is.

class CallTree {
  children = data.nodes.map(() => []);
  tops = [];
  root = -1; // the node that is drawn at the top; -1: all exports
  showsUnseen = false;
  /** By node: whether a name is missing there or below. */
  hasMissing = data.nodes.map(([fn]) => this.stateOf(fn) === "missing");

  constructor() {
    data.nodes.forEach(([, parent], at) => (parent < 0 ? this.tops : this.children[parent]).push(at));
    // Children come after their parents: one pass from the end.
    for (let at = data.nodes.length - 1; at >= 0; at--) if (this.hasMissing[at] && this.parent(at) >= 0) this.hasMissing[this.parent(at)] = true;
  }

  parent(at) {
    return data.nodes[at][1];
  }

  stateOf(fn) {
    return data.states[data.functions[fn][1]];
  }

  nameOf(at) {
    const [fn, , , repeat] = data.nodes[at];
    return data.functions[fn][0] + (repeat > 1 ? ` ×${repeat.toLocaleString("en")}` : "");
  }

  isVisible(at) {
    return this.showsUnseen || data.nodes[at][2] > 0;
  }

  /** The visible children of a node. */
  below(at) {
    return this.children[at].filter((each) => this.isVisible(each));
  }

  /** The nodes that are drawn at the top. */
  get level() {
    return this.root < 0 ? this.tops.filter((each) => this.isVisible(each)) : [this.root];
  }

  /** By node, its stacks: those that end there, and those of its visible children. */
  weights() {
    const weights = data.nodes.map(([, , stacks], at) => {
      if (!this.isVisible(at)) return 0;
      return this.children[at].length ? 0 : Math.max(stacks, 1);
    });
    for (let at = data.nodes.length - 1; at >= 0; at--) {
      if (!this.isVisible(at)) continue;
      weights[at] = Math.max(weights[at], data.nodes[at][2]);
      if (this.parent(at) >= 0) weights[this.parent(at)] += weights[at];
    }
    return weights;
  }

  /** The nodes from an export to the root. */
  get pathToRoot() {
    const path = [];
    for (let at = this.root; at >= 0; at = this.parent(at)) path.unshift(at);
    return path;
  }

  /** The stacks through the root, at most so many: those with most missing names first. */
  stacks(most) {
    const found = [];
    const open = this.root < 0 ? [...this.tops] : [this.root];
    while (open.length && found.length < most) {
      const at = open.shift();
      if (data.nodes[at][4] >= 0) found.push(data.nodes[at][4]);
      open.push(...this.children[at]);
    }
    if (this.root < 0 && !found.length) found.push(...data.stacks.keys());
    return found.sort((one, other) => lacking(other).length - lacking(one).length);
  }
}
