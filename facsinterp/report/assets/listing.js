// The table of all filters: only the rows in view are in the page, however many there are.
"use strict";

(() => {
  const data = window.facsinterpFilters;
  const table = document.getElementById("listing");
  if (!data || !table) return;
  const { make, headButton, mark, unpack, sortRows, unitsOf, register, state, later, busy } = window.facsinterp;
  const at = (id) => document.getElementById(id);
  const [search, layer, unit, beyond, verdict, alive, scroller] =
    ["search", "layer", "unit", "beyond", "verdict", "alive", "scroller"].map(at);
  const fields = { q: search, layer, unit, verdict, beyond, alive };
  const SPARE = 8; // rows above and below those in view

  const filters = register(data);
  const every = [...Array(filters.total).keys()];
  const verdicts = unpack(data.verdict);
  const passing = data.passing && unpack(data.passing);
  const units = passing && passing.text.map(unitsOf);

  // Columns -----------------------------------------------------------------------------------

  const parted = (column) => {
    const parts = column.parts.map(unpack);
    const tell = (row) => {
      let told = "";
      for (const part of parts) told += part.of(row);
      return told;
    };
    return { ...column, tell, key: parts[0] };
  };
  const columns = [
    { title: "Filter", kind: "link", tell: filters.name, key: { codes: every, known: Infinity } },
    { title: "Verdict", kind: "word", tell: verdicts.of, key: verdicts },
    ...data.columns.map(parted),
  ];
  if (passing) columns.push({ title: "Answers to (+ beyond)", kind: "state", down: 1, tell: passing.of, key: passing });
  // Widths in em: no number may be cut, and no word of a title.
  const WIDTHS = { link: 7, word: 11.4, text: 10.4, state: 10 };
  const longest = ({ kind, title, tell }) => {
    if (kind !== "number") return WIDTHS[kind];
    const letters = every.reduce((most, row) => Math.max(most, tell(row).length), 0);
    const word = Math.max(...title.split(" ").map((one) => one.length));
    return Math.max(0.52 * letters, 0.6 * word) + 0.9;
  };

  let order = { column: 0, sign: 1 };
  let found = every;
  const head = make("tr");
  head.setAttribute("aria-rowindex", 1);
  const widths = columns.map(longest);
  columns.forEach((column, i) => {
    const col = make("col");
    col.style.width = `${widths[i]}em`;
    table.querySelector("colgroup").append(col);
    const cell = make("th", { scope: "col", className: column.kind === "number" ? "num" : column.kind });
    headButton(cell, [column.title], () => {
      const first = column.down ? -1 : 1;
      order = { column: i, sign: order.column === i ? -order.sign : first };
      choose(true);
    });
    head.append(cell);
  });
  table.style.width = `${widths.reduce((sum, width) => sum + width, 0)}em`;
  table.tHead.append(head);

  // Which rows ----------------------------------------------------------------------------------

  const option = (select, value, text) => select.append(new Option(text, value));
  data.layers.forEach(([name]) => option(layer, name, name));
  const wanted = new Set(units ? units.flatMap((one) => [...one.all]) : []);
  data.units.forEach(([number, text]) => wanted.has(number) && option(unit, number, text));
  data.kinds.forEach(([kind, text]) => option(verdict, kind, text));
  if (!units || !units.some((one) => one.beyond.size)) beyond.parentElement.hidden = true;
  if (!data.units.length) [unit, beyond, verdict].forEach((field) => { field.parentElement.hidden = true; });

  // Names, units and verdicts: of many filters the numbers would be most of what is looked through.
  let words = null;
  const worded = columns.filter((column) => column.kind !== "number");
  const inWords = (row, asked) => {
    words = words || every.map((one) => worded.map((column) => column.tell(one)).join(" ").toLowerCase());
    return asked.every((word) => words[row].includes(word));
  };

  // Which texts of the column of units hold what is asked; null where nothing is.
  const answering = () => {
    if (!units || (unit.value === "" && !beyond.checked)) return null;
    return units.map((one) => {
      const set = beyond.checked ? one.beyond : one.all;
      return unit.value === "" || unit.value === "any" ? set.size > 0 : set.has(Number(unit.value));
    });
  };

  const select = () => {
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const inLayer = data.layers.findIndex(([name]) => name === layer.value);
    const answers = answering();
    found = every.filter((row) =>
      (inLayer < 0 || filters.layer[row] === inLayer) &&
      (!answers || answers[passing.codes[row]]) &&
      (verdict.value === "" || data.verdict.kind[verdicts.codes[row]] === verdict.value) &&
      !(alive.checked && data.verdict.dead[verdicts.codes[row]]) &&
      (!asked.length || inWords(row, asked)));
    const column = columns[order.column];
    if (order.column || order.sign < 0) sortRows(found, column.key, order.sign);
    mark([...head.cells], order.column, order.sign);
    table.setAttribute("aria-rowcount", found.length + 1);
    at("shown").textContent = found.length
      ? `${found.length.toLocaleString("en-GB")} of ${filters.total.toLocaleString("en-GB")} filters`
      : "No filter fits. Clear the search to see all.";
    kept.forEach((line) => line.remove());
    kept.clear();
    scroller.scrollTop = 0;
    show();
  };

  // Rows in view ----------------------------------------------------------------------------------

  const above = make("tr", { className: "space", ariaHidden: "true" });
  const below = make("tr", { className: "space", ariaHidden: "true" });
  const body = table.tBodies[0];
  body.append(above, below);
  const kept = new Map();
  let height = 34;

  const line = (place) => {
    const row = found[place];
    const tr = make("tr");
    tr.setAttribute("aria-rowindex", place + 2);
    if (data.verdict.dead[verdicts.codes[row]]) tr.className = "dead";
    else if (units && units[passing.codes[row]].all.size) tr.className = "found";
    columns.forEach((column) => {
      const told = column.tell(row);
      const cell = make("td", { className: column.kind === "number" ? "num" : column.kind });
      if (column.kind === "word") {
        const kind = data.verdict.kind[verdicts.codes[row]] || "none";
        cell.append(make("span", { className: `mark kind-${kind}` }, told));
      } else if (column.kind === "link") cell.append(make("a", { href: filters.href(row) }, told));
      else cell.textContent = told;
      if (column.kind !== "number" && told.length > 18) cell.title = told;
      tr.append(cell);
    });
    return tr;
  };

  const show = () => {
    const first = Math.max(0, Math.floor(scroller.scrollTop / height) - SPARE);
    const last = Math.min(found.length, first + Math.ceil(scroller.clientHeight / height) + 2 * SPARE);
    kept.forEach((tr, place) => {
      if (place >= first && place < last) return;
      if (tr.contains(document.activeElement)) scroller.focus({ preventScroll: true });
      tr.remove();
      kept.delete(place);
    });
    let after = below;
    for (let place = last - 1; place >= first; place -= 1) {
      if (!kept.has(place)) {
        kept.set(place, line(place));
        body.insertBefore(kept.get(place), after);
      }
      after = kept.get(place);
    }
    above.style.height = `${first * height}px`;
    below.style.height = `${Math.max(0, found.length - last) * height}px`;
    const real = kept.size ? after.getBoundingClientRect().height : height;
    if (real && Math.abs(real - height) > 0.5) { height = real; show(); }
  };

  const focus = (place) => {
    if (place < 0 || place >= found.length) return;
    const top = place * height, space = scroller.clientHeight - head.offsetHeight - height;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top > scroller.scrollTop + space) scroller.scrollTop = top - space;
    show();
    kept.get(place).querySelector("a").focus({ preventScroll: true });
  };

  // What is chosen, and the address ------------------------------------------------------------

  const choose = (lasting) => {
    const chosen = Object.fromEntries(Object.entries(fields).map(([name, field]) =>
      [name, field.type === "checkbox" ? (field.checked ? "1" : "") : field.value.trim()]));
    if (order.column || order.sign < 0) chosen.sort = `${order.sign < 0 ? "-" : ""}${columns[order.column].title}`;
    state.write(chosen, lasting);
    select();
  };

  const NAMES = [...Object.keys(fields), "sort"];
  const fromAddress = () => {
    const asked = state.read();
    Object.entries(fields).forEach(([name, field]) => {
      if (field.type === "checkbox") field.checked = asked.has(name);
      else field.value = asked.get(name) || "";
      if (field.value === "" && asked.get(name)) field.value = "";
    });
    const sort = asked.get("sort") || "";
    const column = columns.findIndex(({ title }) => title === sort.replace(/^-/, ""));
    order = column < 0 ? { column: 0, sign: 1 } : { column, sign: sort.startsWith("-") ? -1 : 1 };
    select();
    return NAMES.some((name) => asked.has(name));
  };

  search.form.addEventListener("submit", (event) => event.preventDefault());
  [layer, unit, beyond, verdict, alive].forEach((field) => field.addEventListener("change", () => choose(true)));
  search.addEventListener("input", later(() => choose(false), 200));
  at("clear").addEventListener("click", () => {
    search.value = layer.value = unit.value = verdict.value = "";
    alive.checked = beyond.checked = false;
    order = { column: 0, sign: 1 };
    choose(true);
  });
  let frame = 0;
  scroller.addEventListener("scroll", () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(show);
  });
  addEventListener("resize", later(show, 100));
  scroller.addEventListener("keydown", (event) => {
    const row = event.target.closest("tbody tr");
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!row || !by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    focus(Number(row.getAttribute("aria-rowindex")) - 2 + by);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href").includes("=")) setTimeout(() => at("filters").scrollIntoView());
  });
  window.facsinterp.choose = () => found.length && filters.href(found[Math.floor(Math.random() * found.length)]);

  at("tools").hidden = scroller.hidden = false;
  const asked = fromAddress();
  const [visit] = performance.getEntriesByType("navigation");
  if (asked && (!visit || visit.type === "navigate")) at("filters").scrollIntoView();
  state.listen(fromAddress);
})();
