// The part of the page with the call tree: zooming, the path to its root, stacks, search.

const MOST_STACKS = 200;
const SHOWN_STACKS = 8;

class CallPaths {
  #box = $("icicle");
  #tree = new CallTree();
  #width = 0;

  constructor() {
    const seen = data.nodes.some((node) => node[2] > 0);
    const unseen = data.nodes.some((node) => node[2] === 0);
    this.#tree.showsUnseen = $("static").checked = !seen;
    $("staticLabel").hidden = !(seen && unseen);
    this.#box.addEventListener("click", ({ target }) => {
      const node = target.closest("g[data-node]");
      const caller = target.closest("g[data-closer]");
      if (node) this.#choose(Number(node.dataset.node));
      else if (caller) this.#zoom(Number(caller.dataset.closer));
    });
    this.#box.addEventListener("keydown", (event) => this.#onKey(event));
    $("whole").addEventListener("click", () => this.#zoom(-1));
    $("static").addEventListener("change", () => {
      this.#tree.showsUnseen = $("static").checked;
      this.#zoom(-1, false);
    });
    $("find").addEventListener("input", () => this.#find());
    new ResizeObserver(() => {
      if (Math.abs(this.#box.clientWidth - this.#width) > 20) this.#draw();
    }).observe(this.#box);
    this.#draw();
  }

  #draw() {
    this.#width = this.#box.clientWidth;
    this.#box.replaceChildren(drawIcicle(this.#tree, Math.max(this.#width - 18, 260)));
    this.#drawPath();
    this.#drawStacks();
    this.#find();
  }

  #drawPath() {
    const path = this.#tree.pathToRoot;
    const buttons = path.map((at) => {
      const button = make("button", { type: "button" }, this.#tree.nameOf(at));
      button.addEventListener("click", () => this.#zoom(at));
      return button;
    });
    $("crumbs").replaceChildren(...buttons.flatMap((button, at) => [at ? " › " : "", button]));
    $("crumbs").hidden = !path.length;
    $("whole").disabled = !path.length;
  }

  #drawStacks() {
    const { root } = this.#tree;
    const found = this.#tree.stacks(MOST_STACKS);
    const small = (text) => make("p", {}, make("small", {}, text));
    const more = found.length >= MOST_STACKS ? "many" : found.length - SHOWN_STACKS;
    $("stacksTitle").textContent = root < 0 ? "Stacks" : `Stacks through ${this.#tree.nameOf(root)}`;
    $("stacks").replaceChildren(
      found.length ? make("ul", {}, ...found.slice(0, SHOWN_STACKS).map(stackLink)) : small("No stack was seen here: the code allows the way."),
      found.length > SHOWN_STACKS ? small(`and ${more} more: look closer`) : "");
  }

  #zoom(at, focus = true) {
    this.#tree.root = at;
    this.#draw();
    if (focus) this.#box.querySelector("g")?.focus();
  }

  /** Open the stack that ends here, or zoom in; at the root, zoom out. */
  #choose(at) {
    const stack = data.nodes[at][4];
    if (stack >= 0 && !this.#tree.children[at].length) openStack(stack);
    else this.#zoom(at === this.#tree.root ? this.#tree.parent(at) : at);
  }

  #onKey(event) {
    const at = Number(event.target.dataset?.node);
    if (Number.isNaN(at)) return;
    const tree = this.#tree;
    const parent = tree.parent(at);
    const siblings = at === tree.root || parent < 0 ? tree.level : tree.below(parent);
    const place = siblings.indexOf(at);
    const to = {
      ArrowRight: siblings[place + 1], ArrowLeft: siblings[place - 1],
      ArrowDown: tree.below(at)[0], ArrowUp: at === tree.root ? undefined : parent,
    };
    if (event.key === "Enter" || event.key === " ") this.#choose(at);
    else if (event.key === "Escape") this.#zoom(-1);
    else if (!(event.key in to)) return;
    else this.#box.querySelector(`g[data-node="${to[event.key]}"]`)?.focus();
    event.preventDefault();
  }

  #find() {
    const word = $("find").value.trim().toLowerCase();
    const matches = ([name]) => word !== "" && name.toLowerCase().includes(word);
    let hits = 0;
    for (const group of this.#box.querySelectorAll("g[data-node]")) {
      const hit = matches(data.functions[data.nodes[group.dataset.node][0]]);
      group.classList.toggle("hit", hit);
      group.classList.toggle("missed", word !== "" && !hit);
      hits += hit;
    }
    const all = data.functions.filter(matches).length;
    const leftOut = data.leftOut ? `${counted(data.leftOut, "place")} too small to draw` : "";
    $("found").textContent = word ? `${counted(all, "function")}, ${hits} here` : leftOut;
  }
}

if (data.nodes.length) new CallPaths();
