// The gallery of a layer: cards that are there already are put in order and hidden.
"use strict";

(() => {
  const data = window.facsinterpLayer;
  const list = document.getElementById("cards");
  if (!data || !list) return;
  const { make, unpack, sortRows, unitsOf, state, later } = window.facsinterp;
  const at = (id) => document.getElementById(id);
  const [search, unit, show, verdict, sort, reverse, alive] =
    ["search", "unit", "show", "verdict", "sort", "reverse", "alive"].map(at);
  const cards = [...list.children];
  const rows = [...cards.keys()];
  const verdicts = unpack(data.verdict);
  const passing = data.passing && unpack(data.passing);
  const units = passing && passing.text.map(unitsOf);
  const own = { active: unpack(data.active) };
  const each = {};
  if (passing) {
    [["auroc", "auroc"], ["p", "q_auroc"], ["beyond", "q_beyond"]].forEach(([name, from]) => {
      own[name] = unpack(data[from]);
      each[name] = unpack(data[`each_${from}`]);
    });
    each.low = unpack(data.each_auroc_low);
    each.high = unpack(data.each_auroc_high);
  }

  if (unit) {
    data.units.forEach(([number, text]) => unit.append(new Option(text, number)));
    const kinds = new Map(data.verdict.kind.map((kind, i) => [kind, data.verdict.text[i]]));
    cards.length && [...new Set(data.verdict.kind)].filter(Boolean).forEach((kind) =>
      verdict.append(new Option(kind === "dead" ? "dead or inactive" : kinds.get(kind).replace(/^silenced, |, nearly dead$/g, ""), kind)));
  }

  // The numbers of one unit for every card; null when each card shows its own.
  const chosen = () => {
    const place = unit && unit.value !== "" ? data.units.findIndex(([number]) => String(number) === unit.value) : -1;
    if (place < 0) return null;
    const part = (column) => {
      const codes = column.codes.subarray(place * cards.length, (place + 1) * cards.length);
      return { ...column, codes, of: (row) => column.text[codes[row]] };
    };
    const numbers = Object.fromEntries(Object.entries(each).map(([name, column]) => [name, part(column)]));
    return { label: `AU${data.units[place][0]}`, ...numbers };
  };

  const tested = (told) => (told === "–" ? "not tested" : told);
  const tell = (asked) => cards.forEach((card, row) => {
    let line = card.querySelector(".asked");
    if (!asked) { if (line) line.remove(); return; }
    if (!line) card.append(line = make("p", { className: "asked" }));
    const ends = [asked.low.of(row), asked.high.of(row)];
    const interval = ends.includes("–") ? "" : ` [${ends.join(", ")}]`;
    line.replaceChildren(`${asked.label} `, make("b", {}, asked.auroc.of(row) + interval),
      make("br"), `p ${tested(asked.p.of(row))}, beyond ${tested(asked.beyond.of(row))}`);
  });

  const answers = () => {
    if (!units || show.value === "all") return null;
    return units.map((one) => {
      const set = show.value === "beyond" ? one.beyond : one.all;
      return unit.value === "" ? set.size > 0 : set.has(Number(unit.value));
    });
  };

  let told = "";
  const select = () => {
    const asked = chosen();
    if (told !== (asked ? asked.label : "")) tell(asked);
    told = asked ? asked.label : "";
    list.classList.toggle("by-unit", Boolean(asked));
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const able = answers();
    let found = 0;
    cards.forEach((card, row) => {
      const kind = verdicts.codes[row];
      const fits = (!able || able[passing.codes[row]]) &&
        (!verdict || verdict.value === "" || data.verdict.kind[kind] === verdict.value) &&
        !(alive.checked && data.verdict.dead[kind]) &&
        words.every((word) => (wordsOf[row] = wordsOf[row] || text(card, row)).includes(word));
      card.hidden = !fits;
      found += fits;
    });
    const column = { ...own, ...(asked || {}) }[sort.value];
    const down = ["auroc", "active"].includes(sort.value) ? -1 : 1;
    const sign = reverse.checked ? -1 : 1;
    if (column) sortRows(rows, column, sign * down);
    else rows.sort((a, b) => sign * (a - b));
    list.append(...rows.map((row) => cards[row]));
    at("shown").textContent = found
      ? `${found.toLocaleString("en-GB")} of ${cards.length.toLocaleString("en-GB")} filters`
      : "No filter fits. Clear the choices to see all.";
  };

  const wordsOf = [];
  const text = (card, row) =>
    `${card.querySelector("a").textContent} ${card.querySelector(".mark").textContent} ${passing ? passing.of(row) : ""}`.toLowerCase();

  const fields = { q: search, unit, show, verdict, sort, reverse, alive };
  const usual = (name) => ({ show: unit && unit.value ? "pass" : "all", sort: unit && unit.value ? "auroc" : "channel" }[name] || "");
  const choose = (lasting) => {
    const kept = {};
    Object.entries(fields).forEach(([name, field]) => {
      if (!field) return;
      const value = field.type === "checkbox" ? (field.checked ? "1" : "") : field.value.trim();
      kept[name] = value === usual(name) ? "" : value;
    });
    state.write(kept, lasting);
    select();
  };
  const fromAddress = () => {
    const asked = state.read();
    Object.entries(fields).forEach(([name, field]) => {
      if (!field) return;
      if (field.type === "checkbox") field.checked = asked.has(name);
      else {
        field.value = asked.get(name) || usual(name);
        if (field.selectedIndex === -1) field.value = usual(name);
      }
    });
    select();
    return Object.keys(fields).some((name) => asked.has(name));
  };

  search.form.addEventListener("submit", (event) => event.preventDefault());
  // Whoever asks for a unit wants to see who follows it most.
  if (unit) unit.addEventListener("change", () => { sort.value = usual("sort"); reverse.checked = false; });
  Object.values(fields).forEach((field) => field && field !== search && field.addEventListener("change", () => choose(true)));
  search.addEventListener("input", later(() => choose(false), 200));
  at("clear").addEventListener("click", () => {
    state.write({}, true);
    fromAddress();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href").includes("=")) setTimeout(() => at("gallery").scrollIntoView());
  });
  window.facsinterp.choose = () => {
    const able = cards.filter((card) => !card.hidden);
    return able.length && able[Math.floor(Math.random() * able.length)].querySelector("a").href;
  };

  at("tools").hidden = false;
  const asked = fromAddress();
  const [visit] = performance.getEntriesByType("navigation");
  if (asked && (!visit || visit.type === "navigate")) at("gallery").scrollIntoView();
  state.listen(fromAddress);
})();
