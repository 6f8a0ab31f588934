// What a filter's page draws: faces over its range, and of the action units charts and a table,
// from short lines in the page and what all filters share. Numbers come as `pages/numbers.py`
// writes them and are shown as `wording.py` does.
"use strict";

(() => {
  const source = document.getElementById("data");
  if (!source) return;
  const shared = window.facsinterpUnits;
  const data = JSON.parse(source.textContent);
  const lines = (text) => (text ? text.split("|") : []);

  // What each kind says of a pair; colour alone would say it to nobody who does not see it.
  const SAID = {
    beyond: "passes beyond the emotion",
    emotion: "passes, and nothing shows more than the emotion tells",
    answers: "passes, with no test beyond the emotion",
    "": "does not pass",
  };
  const DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

  const shown = (word) => {
    if (word === "-") return "–";
    if (word === "1") return "1.00";
    if (word === "<") return "< 10⁻³⁰⁰";
    const [size, power] = word.split("e");
    const whole = size.replace(/^(-?)(?=\.)/, "$10").replace("-", "−");
    if (power === undefined) return whole;
    return `${whole} × 10${power.replace(/./g, (x) => (/\d/.test(x) ? DIGITS[x] : "⁻"))}`;
  };
  const value = (word) => {
    if (word === "-") return null;
    return word === "<" ? 0 : Number(word.replaceAll(",", ""));
  };

  const read = (line) => {
    const [unit, passes, auroc, low, high, within, z, p, q, max, zBeyond, pBeyond, qBeyond,
      maxBeyond, precisions, pPrecision, kl, klNull, klSd] = line.split(" ");
    const [precision, least, most] = precisions.split("~");
    const of = shared.units[unit];
    const kind = passes > 1 ? "beyond" : passes < 1 ? "" : of.beyond ? "answers" : "emotion";
    return { ...of, unit: Number(unit), passes: Number(passes), kind, auroc, low, high, within,
      z, p, q, max, zBeyond, pBeyond, qBeyond, maxBeyond, precision, least, most, pPrecision,
      kl, klNull, klSd };
  };
  const rows = lines(data.tested).map(read);
  const interval = (row) =>
    row.low === "-" ? shown(row.auroc)
      : `${shown(row.auroc)} [${shown(row.low)}, ${shown(row.high)}]`;

  const make = (name, text, attributes = {}, space = "") => {
    const made = space ? document.createElementNS(space, name) : document.createElement(name);
    for (const [key, given] of Object.entries(attributes)) made.setAttribute(key, given);
    if (text !== "") made.textContent = text;
    return made;
  };
  // Pages of units lie beside the folder of filters.
  const unitLink = (row) => make("a", row.label, { href: `../${row.page}` });

  // The chart
  const SPACE = "http://www.w3.org/2000/svg";
  const draw = (narrow) => {
    const [width, left, right, span, row] = narrow
      ? [330, 50, 196, 128, 20] : [620, 206, 412, 170, 20];
    const head = 44;
    const bottom = head + row * rows.length;
    const svg = make("svg", "", { class: "chart units", viewBox: `0 0 ${width} ${bottom + 26}`,
      width, height: bottom + 26, role: "img", "aria-label":
        `Precision in the top ${shared.top} faces and AUROC of each action unit` }, SPACE);
    const put = (place, name, kind, attributes, text = "") => {
      const made = make(name, text, attributes, SPACE);
      if (kind) made.setAttribute("class", kind);
      place.append(made);
      return made;
    };
    const line = (place, kind, x1, y1, x2, y2) => put(place, "line", kind, { x1, y1, x2, y2 });
    const words = (x, y, text, kind, anchor = "start") =>
      put(svg, "text", kind, { x, y, "text-anchor": anchor }, text);
    const drawn = rows.some((one) => one.low !== "-");
    words(left, 14, `P@${shared.top}`, "strong");
    words(left, 29, narrow ? "mark: base rate" : "share of the top; mark: base rate", "muted");
    words(right, 14, "AUROC", "strong");
    const beside = drawn ? `with ${shared.level} interval` : "too few subjects for intervals";
    words(right, 29, narrow ? beside : `${beside}; line: chance`, "muted");
    for (const start of [left, right]) {
      for (const tick of [0, 0.5, 1]) {
        const x = start + span * tick;
        line(svg, tick === 0.5 && start === right ? "chance" : "grid", x, head, x, bottom);
        words(x, bottom + 16, `${tick}`, "tick", "middle");
      }
    }
    const byEffect = [...rows].sort((a, b) => (value(b.auroc) ?? -1) - (value(a.auroc) ?? -1));
    byEffect.forEach((one, i) => {
      const top = head + row * i;
      const middle = top + row / 2;
      const group = put(svg, "g",
        `row${one.unit === data.named ? " best" : ""}${one.kind ? ` passes kind-${one.kind}` : ""}`, {});
      put(group, "title", "", {}, `${one.label} ${one.name}: precision ${shown(one.precision)}, ` +
        `base rate ${one.base}, AUROC ${interval(one)}; ${SAID[one.kind]}`);
      put(group, "rect", "band", { x: 0, y: top, width, height: row });
      put(group, "text", "label", { x: 44, y: middle + 4, "text-anchor": "end" }, one.label);
      if (!narrow) put(group, "text", "name", { x: 50, y: middle + 4 }, one.name);
      const precision = value(one.precision);
      if (precision !== null) {
        put(group, "rect", "bar", { x: left, y: top + 4, width: span * precision, height: row - 8 });
      }
      if (one.share !== "") {
        const base = left + span * one.share;
        line(group, "base", base, top + 2, base, top + row - 2);
      }
      if (one.low !== "-") {
        const [low, high] = [one.low, one.high].map((end) => right + span * value(end));
        line(group, "interval", low, middle, high, middle);
      }
      if (one.auroc !== "-") {
        put(group, "circle", "dot", { cx: right + span * value(one.auroc), cy: middle, r: 4 });
      }
    });
    return svg;
  };

  // The table
  const cell = (text, key, reason = "", first = false) => {
    const made = make("td", "", { class: first ? "num first" : "num", "data-key": key ?? "" });
    if (text === "–" && reason) {
      const none = make("abbr", "–", { class: "none", title: reason });
      none.append(make("span", ` ${reason}`, { class: "aside" }));
      made.append(none);
    } else made.append(text);
    return made;
  };
  const number = (word, reason, first) => cell(shown(word), value(word), reason, first);
  // A p-value with the mark of how it was made, a capital as `e` stands before a power of ten.
  const chance = (word, reason) => {
    const [, p, letter, reached] = word.match(/^([-<]|-?[\d.]+(?:e-?\d+)?)([SEA]?)(\d*)$/);
    const made = number(p, reason);
    if (letter) {
      const way = letter.toLowerCase();
      let how = shared.ways[way];
      if (reached) {
        how += `; ${Number(reached).toLocaleString("en-GB")} of ${shared.permutations} reach it`;
      }
      const mark = make("abbr", "", { class: "way", title: how });
      mark.append(make("span", way, { "aria-hidden": "true" }), make("span", ` ${how}`, { class: "aside" }));
      made.append(mark);
    }
    return made;
  };
  const counted = (text, first) => cell(text, text === "–" ? "" : Number(text.replaceAll(",", "")), "", first);
  const noted = (made, ...notes) => {
    notes.filter(Boolean).forEach((note) => made.append(" ", make("small", `(${note})`)));
    return made;
  };
  const precisionCell = (row) => noted(number(row.precision, "", true),
    row.least && `${shown(row.least)} to ${shown(row.most)}`,
    row.most_possible && `≤ ${row.most_possible}`);
  const NO_MAX = "this null gives none";
  const divergence = (row) => row.kl === "-"
    ? number("-", "the null gives no value by chance to read it against")
    : noted(number(row.kl), `${shown(row.klNull)} ± ${shown(row.klSd)}`);

  // No filter could have passed beyond the emotion for this unit, whatever it does.
  const unreachable = (row, made) => {
    if (!row.unreachable) return made;
    const mark = make("abbr", "", { class: "way", title: row.unreachable });
    mark.append(make("span", "✕", { "aria-hidden": "true" }), make("span", ` ${row.unreachable}`, { class: "aside" }));
    made.append(mark);
    return made;
  };

  const unitHead = (row) => {
    const made = make("th", "", { scope: "row", "data-key": row.unit });
    made.append(unitLink(row), " ", make("span", row.name));
    return made;
  };
  const testedRow = (row) => {
    const made = make("tr", "", row.kind ? { class: `kind-${row.kind}` } : {});
    const passes = make("td", row.kind || "no", { "data-key": row.passes });
    made.append(unitHead(row), passes,
      counted(row.n, true), counted(row.people), cell(row.base, row.share),
      cell(interval(row), value(row.auroc), "", true),
      number(row.within, "no subject shows and lacks it"),
      number(row.z, row.reason, true), chance(row.p, row.reason), number(row.q, row.reason),
      number(row.max, row.reason || NO_MAX),
      number(row.zBeyond, row.beyond, true), chance(row.pBeyond, row.beyond),
      unreachable(row, number(row.qBeyond, row.beyond)), number(row.maxBeyond, row.beyond || NO_MAX),
      precisionCell(row), chance(row.pPrecision, row.reason || NO_MAX), divergence(row));
    return made;
  };

  // [text, what it means, first of a group]
  const FAMILY = "Family-wise p, by the largest z of each shuffle";
  const HEADS = [
    ["Action unit"], ["Passes"], ["n", "Observations with the action unit", true], ["People"],
    ["Base", "Base rate: the share of the observations coded for it that show it"],
    [`AUROC [${shared.level} CI]`, "", true], ["Within", "AUROC between two observations of one subject"],
    ["z", "", true], ["p"], ["Corr. p"], ["Fam. p", FAMILY],
    ["z", "", true], ["p"], ["Corr. p"], ["Fam. p", FAMILY],
    [`P@${shared.top}`, `Precision in the top ${shared.top}, and what the order of ties could make of it`, true],
    ["its p"],
    ["KL (chance)", "Kullback-Leibler divergence in nats; beside it its mean and standard deviation when labels are shuffled"],
  ];
  const GROUPS = [["Seen in", 3], ["Size", 2], ["Answers to it", 4], ["Beyond the emotion", 4],
    ["Measures of the papers", 3]];

  const headRow = (heads, numbers) => {
    const made = make("tr", "");
    heads.forEach(([text, meaning, first], i) => {
      const kind = [numbers(i) && "num", first && "first"].filter(Boolean).join(" ");
      const head = make("th", "", kind ? { scope: "col", class: kind } : { scope: "col" });
      head.append(meaning ? make("abbr", text, { title: meaning }) : text);
      made.append(head);
    });
    return made;
  };
  const table = (caption, heads, lines, kind = "numbers") => {
    const made = make("table", "", kind ? { class: kind, "data-sortable": "" } : {});
    const head = make("thead", "");
    const body = make("tbody", "");
    head.append(...heads);
    body.append(...lines);
    made.append(make("caption", caption, { class: "aside" }), head, body);
    const around = make("div", "", { class: "wide", tabindex: "0", role: "region", "aria-label": caption });
    around.append(made);
    return around;
  };
  const groups = () => {
    const made = make("tr", "", { class: "groups" });
    made.append(make("td", "", { colspan: 2 }));
    GROUPS.forEach(([text, span]) => made.append(make("th", text, { scope: "colgroup", colspan: span })));
    return made;
  };
  const legend = () => {
    const made = make("p", "", { class: "muted" });
    const letters = Object.entries(shared.ways).flatMap(([letter, how], i) =>
      [i ? ", " : "", make("span", letter, { class: "way" }), ` ${how}`]);
    const never = rows.some((row) => row.unreachable) ? " ✕: no filter could have passed." : "";
    made.append(
      `Passes: a corrected p of at most ${shared.alpha}; of all pairs that pass a test, at most ` +
      `${shared.false} are expected to be false. It passes beyond the emotion; with the emotion, ` +
      "where nothing shows more; answers, where there was no test beyond it. How a p was made: ",
      ...letters, `.${never} In brackets: what the order of ties could make of P, or the most that it could be; KL’s mean ± standard ` +
      "deviation when labels are shuffled. ",
      make("a", "What each column means", { href: "../methods.html" }), ".");
    return made;
  };

  // Faces with the unit above the axis, without it below. Zeros have a scale of their own, from
  // none to all of a group, as they can be most of the faces; the bins share one.
  const histogram = (narrow) => {
    const label = shared.units[data.named].label;
    const [middle, reach] = [142, 104];
    const [width, gauge, left, right] = narrow ? [330, 6, 96, 322] : [620, 50, 150, 606];
    const svg = make("svg", "", { class: "chart peaks", viewBox: `0 0 ${width} 292`, width,
      height: 292, role: "img", "aria-label":
        `Peaks of faces with and without ${label}, as shares of each group` }, SPACE);
    const path = (kind, d) => svg.append(make("path", "", { class: kind, d }, SPACE));
    const words = (x, y, text, kind, anchor = "start") =>
      svg.append(make("text", text, { class: kind, x, y, "text-anchor": anchor }, SPACE));
    const steps = (start, width, heights) => {
      const tops = heights.map((height, i) => `V${middle - height}H${start + width * (i + 1)}`);
      return `M${start} ${middle}${tops.join("")}V${middle}Z`;
    };
    const percent = (share) => `${share > 0 && share < 0.01 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;
    const groups = [["with", -1, data.with], ["without", 1, data.without]].map(
      ([kind, side, [all, zero, ...bins]]) =>
        ({ kind, side, all, zero: zero / all, bins: bins.map((n) => n / all) }));
    const top = Math.max(...groups.flatMap((group) => group.bins), 1e-9);
    path("gauge", `M${gauge} ${middle - reach}h40v${2 * reach}h-40Z`);
    words(gauge + 20, 32, "exactly 0", "muted", "middle");
    for (const { kind, side, all, zero, bins } of groups) {
      words(left, side < 0 ? 16 : 282, `${kind} ${label}: ${all.toLocaleString("en-GB")} faces`, `${kind} strong`);
      path(kind, steps(gauge, 40, [-side * reach * zero]));
      words(gauge + 46, middle + (side < 0 ? -6 : 16), percent(zero), kind);
      if (!bins.length) continue;
      path(kind, steps(left, (right - left) / bins.length, bins.map((share) => (-side * reach * share) / top)));
      path("grid", `M${left} ${middle + side * reach}H${right}`);
      words(right - 2, middle + side * reach - 4, percent(top), "tick", "end");
    }
    path("axis", `M${gauge - 4} ${middle}h48M${left} ${middle}H${right}`);
    if (!data.ends.length) words((left + right) / 2, middle - 8, "every face is at 0", "muted", "middle");
    data.ends.forEach((end, i) => words(i ? right : left, 264, shown(end), "tick", i ? "end" : "start"));
    words(right, 282, "peak activation", "muted", "end");
    return svg;
  };

  // Charts are drawn for the width that there is, again where that changes.
  const small = matchMedia("(max-width: 42rem)");
  const fitted = (place, draw) => {
    const fit = () => place.replaceChildren(draw(small.matches));
    small.addEventListener("change", fit);
    fit();
    return place;
  };

  const bins = document.getElementById("bins");
  if (bins) {
    bins.before(make("p", "Faces near the middle of each quarter of those that it answers to, " +
      "strongest first, with the peaks of the quarter."));
  }
  (bins ? data.bins : []).forEach((line) => {
    const [low, high, ...names] = line.split(" ");
    const part = make("div", "");
    part.append(make("b", `${shown(low)} to ${shown(high)}`), ...names.map((text) => {
      const name = text.replace("!", "") + data.tail;
      const link = make("a", "", { href: `../faces/${name}.html` });
      link.append(text.endsWith("!") ? make("span", `${name} may not be shown`)
        : make("img", "", { src: `../faces/${name}.webp`, alt: `Face ${name}`, loading: "lazy" }));
      return link;
    }));
    bins.append(part);
  });
  const peaks = document.getElementById("peaks");
  if (peaks) {
    const { label, name } = shared.units[data.named];
    const around = make("div", "", { class: "wide" });
    fitted(around, histogram);
    peaks.append(around, make("figcaption", `With and without ${label} ${name}: peaks of the ` +
      "faces of each group, in shares of its own, on the same bins; faces at exactly zero stand " +
      `apart.${shared.together ? " Faces of one sequence are counted one by one here, and together in every test." : ""}`));
  }
  const chart = document.getElementById("chart");
  if (chart) {
    const around = make("div", "", { class: "wide" });
    chart.append(around, make("figcaption", "Sorted by AUROC. Filled where the unit passes: green " +
      "beyond the emotion, amber with it, blue where nothing could be tested beyond it."));
    fitted(around, draw);
    document.getElementById("numbers").append(
      table("Every tested action unit with both claims and the measures of the papers",
        [groups(), headRow(HEADS, (i) => i > 1)], rows.map(testedRow)),
      legend());
  }
  const near = document.getElementById("beside");
  if (near) {
    const { label } = shared.units[data.named];
    const heads = ["Network", `AUROC of ${label}`, "Passes, corr. p", "Verdict"];
    const line = ([network, ...told]) => {
      const made = make("tr", "");
      made.append(make("th", shared.networks[network] ?? network, { scope: "row" }),
        ...told.map((text) => make("td", text)));
      return made;
    };
    near.append(table(`What this filter and its namesakes give for ${label}`,
      [headRow(heads.map((text) => [text]), () => false)], data.beside.map(line), ""));
  }
  const apart = document.getElementById("untested");
  if (apart) {
    const line = (text) => {
      const [unit, auroc, precision] = text.split(" ");
      const row = { ...shared.units[unit], unit };
      const made = make("tr", "", { class: "untested" });
      made.append(unitHead(row), counted(row.n), counted(row.people),
        cell(row.base, row.share, row.reason), number(auroc, row.reason),
        number(precision, row.reason), make("td", row.reason, { class: "why" }));
      return made;
    };
    const heads = ["Action unit", "n", "People", "Base", "AUROC", `P@${shared.top}`, "Why not"];
    apart.append(make("h2", "Units without a test"),
      make("p", "Codes and people alone decide this, never the filter. A number without a test is no evidence."),
      table("Action units that could not be tested, with the reasons",
        [headRow(heads.map((text) => [text]), (i) => i > 0 && i < 6)], lines(data.untested).map(line)));
  }
})();
