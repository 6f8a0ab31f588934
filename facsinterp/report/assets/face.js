// The tables of a face, from the line that `pages/faces.py` writes into its page: filters as the
// names of their pages, votes as the numbers of their units.
"use strict";

(() => {
  const { make } = window.facsinterp;
  const data = JSON.parse(document.getElementById("data").textContent);
  const lines = (text) => (text ? text.split("|").map((line) => line.split(" ")) : []);
  const unitLink = (unit) => make("a", { href: `../units/au${unit.padStart(2, "0")}.html` }, `AU${unit}`);

  const table = (place, kind, heads, rows) => {
    if (!rows.length) return;
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    const body = make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells)));
    document.getElementById(place).append(
      make("table", { className: kind }, make("thead", {}, head), body));
  };

  const verdicts = / [a-z]\d/.test(data.fires);
  // The page of a filter has the name of its layer's file; where that is not the layer's own
  // name, the line tells it.
  const fires = lines(data.fires).map(([page, percentile, verdict = ""]) => {
    const [, file, channel] = page.match(/^(.*)-(\d+)$/);
    const name = make("a", { href: `../filters/${page}.html` }, `${(data.layers || {})[file] || file}/${channel}`);
    const told = make("td", { className: verdict.slice(0, 1) });
    if (verdict) told.append(unitLink(verdict.slice(1)));
    return [make("td", {}, name), make("td", {}, percentile), ...(verdicts ? [told] : [])];
  });
  table("fires", "fires", ["Filter", "Percentile", ...(verdicts ? ["Verdict"] : [])], fires);

  const CODED = { "+": "present", "?": "not coded" };
  const votes = lines(data.votes).map(([unit, word]) => {
    const coded = CODED[word.slice(-1)] || "";
    const vote = word.replace(/[+?]$/, "");
    const bar = make("td", {}, vote);
    bar.style.setProperty("--v", vote);
    const cells = [make("td", {}, unitLink(unit)), bar, make("td", {}, coded)];
    if (coded === "present") cells.forEach((cell) => cell.classList.add("p"));
    return cells;
  });
  table("votes", "votes", ["Unit", "Vote", "Coded"], votes);
})();
