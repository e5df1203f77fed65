// The table of cases: only the rows on the screen are in the page.

const ROW_HEIGHT = 34;

class CaseTable {
  #box = $("matrix");
  #table = $("table");
  #body = this.#table.tBodies[0];
  /** By case, the text that a search looks at. */
  #texts = data.cases.map(([id, , , details = [], why = 0]) =>
    [id, ...details.map(([, text]) => data.texts[text]), data.texts[why]].join("\n").toLowerCase());
  #shown = []; // numbers of cases
  #runs = data.runs.map((_, at) => at);
  #status = "";
  #drawn = "";

  constructor() {
    const occurs = (at) => data.cases.some((each) => lettersOf(at).some((letter) => each[2].includes(letter)));
    for (const outcome of data.outcomes.filter((_, at) => occurs(at))) $("outcome").append(make("option", { value: outcome }, outcome));
    this.#box.addEventListener("scroll", () => this.#draw(false), { passive: true });
    new ResizeObserver(() => this.#draw(false)).observe(this.#box);
    $("search").addEventListener("input", () => this.#filter());
    $("outcome").addEventListener("change", () => this.#filter());
    const chips = [...document.querySelectorAll("[data-status]")];
    for (const chip of chips) chip.addEventListener("click", () => this.#showStatus(chip, chips));
    const checks = [...document.querySelectorAll("[data-run]")];
    for (const check of checks) check.addEventListener("change", () => this.#showRuns(checks));
    this.#body.addEventListener("click", (event) => {
      const button = event.target.closest("tr")?.querySelector("button");
      if (button) openCase(data.cases[this.#shown[Number(button.dataset.row)]]);
    });
    this.#body.addEventListener("keydown", (event) => this.#onKey(event));
    this.#drawHead();
    this.#filter();
  }

  #showStatus(chip, chips) {
    this.#status = chip.dataset.status;
    for (const each of chips) each.setAttribute("aria-pressed", String(each === chip));
    this.#filter();
  }

  #showRuns(checks) {
    this.#runs = checks.filter((each) => each.checked).map((each) => Number(each.dataset.run));
    this.#drawHead();
    this.#filter();
  }

  #drawHead() {
    const row = make("tr", {}, make("th", { scope: "col" }, "Case"));
    for (const run of this.#runs) row.append(make("th", { scope: "col" }, make("b", {}, data.runs[run][0]), data.runs[run][1]));
    this.#table.tHead.replaceChildren(row);
    const first = parseInt(getComputedStyle(this.#box).getPropertyValue("--first") || "340", 10);
    this.#table.style.minWidth = `${first + 104 * this.#runs.length}px`;
  }

  #draw(force) {
    const first = Math.max(0, Math.floor(this.#box.scrollTop / ROW_HEIGHT) - 8);
    const last = Math.min(this.#shown.length, first + Math.ceil((this.#box.clientHeight || 700) / ROW_HEIGHT) + 18);
    const key = `${first} ${last}`;
    if (!force && key === this.#drawn) return;
    this.#drawn = key;
    const focused = document.activeElement?.dataset?.row;
    const rows = this.#shown.slice(first, last).map((number, at) => this.#row(data.cases[number], first + at, at === 0));
    if (first > 0) rows.unshift(this.#gap(first));
    if (last < this.#shown.length) rows.push(this.#gap(this.#shown.length - last));
    this.#body.replaceChildren(...rows);
    if (focused !== undefined) this.#focus(focused);
  }

  #row([id, status, cells], at, isFirst) {
    const button = make("button", { type: "button", "data-row": at, tabindex: isFirst ? "0" : "-1" },
      make("i", { class: `dot status-${data.statuses[status]}`, "aria-hidden": "true" }), make("span", { title: id }, id),
      make("span", { class: "hidden" }, `: ${data.statusWords[status]}`));
    return make("tr", { "aria-rowindex": at + 2 }, make("th", { scope: "row" }, button),
      ...this.#runs.map((run) => make("td", {}, cellOf(cells[run]))));
  }

  /** A row as high as so many rows that are not in the page. */
  #gap(rows) {
    const cell = make("td", { class: "gap", colspan: this.#runs.length + 1 });
    cell.style.height = `${rows * ROW_HEIGHT}px`;
    return make("tr", { "aria-hidden": "true" }, cell);
  }

  #focus(row) {
    this.#body.querySelector(`[data-row="${row}"]`)?.focus({ preventScroll: true });
  }

  #filter() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const status = data.statuses.indexOf(this.#status);
    const outcome = data.outcomes.indexOf($("outcome").value);
    const letters = outcome < 0 ? null : lettersOf(outcome);
    const matches = ([, own, cells], at) =>
      (status < 0 || own === status) &&
      (letters === null || this.#runs.some((run) => letters.includes(cells[run]))) &&
      words.every((word) => this.#texts[at].includes(word));
    const all = data.cases.length;
    this.#shown = [...data.cases.keys()].filter((at) => matches(data.cases[at], at));
    this.#box.scrollTop = 0;
    this.#table.setAttribute("aria-rowcount", this.#shown.length + 1);
    $("count").textContent = this.#shown.length === all ? counted(all, "case") : `${this.#shown.length.toLocaleString("en")} of ${counted(all, "case")}`;
    this.#draw(true);
  }

  #onKey(event) {
    const at = Number(event.target.dataset?.row);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity }[event.key];
    if (Number.isNaN(at) || step === undefined) return;
    event.preventDefault();
    const to = Math.min(this.#shown.length - 1, Math.max(0, at + step));
    const top = to * ROW_HEIGHT;
    if (top < this.#box.scrollTop) this.#box.scrollTop = top;
    if (top + ROW_HEIGHT > this.#box.scrollTop + this.#box.clientHeight - 50) this.#box.scrollTop = top + ROW_HEIGHT - this.#box.clientHeight + 50;
    this.#draw(true);
    this.#focus(to);
  }
}

if (data.cases.length) new CaseTable();
