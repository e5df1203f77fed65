// The table of cases: only the rows on the screen are in the page.
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


if (data.cases.length) matrix();
