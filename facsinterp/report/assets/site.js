// Keys, sortable tables, saving of charts, and what the tables of filters share. Everything works
// from file://, so nothing is fetched: data comes as scripts that set one name on window.
"use strict";

window.facsinterp = (() => {
  const home = document.querySelector(".brand");
  const make = (name, properties = {}, ...inside) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...inside);
    return made;
  };

  // Somebody may have turned the keys off; a page from disk may have no memory.
  const remembered = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* none */ } };
  let keys = remembered("facsinterp-keys") !== "off";
  // What can be moved sideways has the arrows for itself.
  const scrolls = (part) => Boolean(part) && part.scrollWidth > part.clientWidth;
  const busy = (event) => event.ctrlKey || event.metaKey || event.altKey
    || event.target.closest("input, select, textarea, .plot, dialog, [data-keys]")
    || (event.key.startsWith("Arrow") && scrolls(event.target.closest(".wide, .scroller")));

  // Orders of a table -----------------------------------------------------------------------

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  // Missing keys stay last in both directions.
  const compare = (a, b, sign) => {
    const none = (x) => x === null || x === undefined || x === "";
    if (none(a) || none(b)) return none(a) - none(b);
    return sign * (typeof a === "number" ? a - b : collator.compare(a, b));
  };

  const headButton = (head, title, act) => {
    const button = make("button", { type: "button" }, ...title);
    button.addEventListener("click", act);
    head.replaceChildren(button);
  };

  const mark = (heads, chosen, sign) => {
    heads.forEach((head, i) => {
      if (i === chosen) head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  };

  const sortable = (table) => {
    // Above the names of the columns may stand those of their groups.
    const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    const key = (row, column) => {
      const cell = row.cells[column];
      const given = cell.dataset.key;
      if (given === undefined) return cell.textContent.trim();
      return given === "" ? null : Number(given);
    };
    heads.forEach((head, column) => {
      headButton(head, [...head.childNodes], () => {
        const before = head.getAttribute("aria-sort");
        const first = head.classList.contains("num") ? -1 : 1;
        const sign = before === null ? first : before === "ascending" ? -1 : 1;
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => compare(key(a, column), key(b, column), sign));
        table.tBodies[0].append(...rows);
        mark(heads, column, sign);
      });
    });
  };

  // Coded columns: each text once, in the order they sort, and codes of one length -----------

  const BASE = 91;
  const unpack = (column) => {
    const { text, code } = column;
    let letters = 1;
    while (BASE ** letters < text.length) letters += 1;
    const codes = new Uint32Array(code.length / letters);
    for (let row = 0, at = 0; row < codes.length; row += 1) {
      let value = 0;
      for (let i = 0; i < letters; i += 1, at += 1) {
        const letter = code.charCodeAt(at);
        value = value * BASE + letter - 35 - (letter > 92);
      }
      codes[row] = value;
    }
    return { ...column, codes, of: (row) => text[codes[row]] };
  };

  // Rows in the order of their codes; what has no key comes last whichever way.
  const sortRows = (rows, { codes, known }, sign) => rows.sort((a, b) => {
    const x = codes[a], y = codes[b];
    if (x >= known || y >= known) return (x >= known) - (y >= known) || a - b;
    return sign * (x - y) || a - b;
  });

  // "AU6+ AU12" as what passes at all, and what passes beyond the emotion.
  const unitsOf = (text) => {
    const found = [...text.matchAll(/AU(\d+)(\+?)/g)];
    return {
      all: new Set(found.map((one) => Number(one[1]))),
      beyond: new Set(found.filter((one) => one[2]).map((one) => Number(one[1]))),
    };
  };

  // Filters of the site, row by row, from the stretches of channels that the data tells.
  const register = (data) => {
    const total = data.runs.reduce((sum, run) => sum + run[2], 0);
    const layer = new Uint32Array(total);
    const channel = new Uint32Array(total);
    let row = 0;
    data.runs.forEach(([place, first, size]) => {
      for (let i = 0; i < size; i += 1, row += 1) { layer[row] = place; channel[row] = first + i; }
    });
    const number = (at) => String(channel[at]).padStart(3, "0");
    return {
      total,
      layer,
      name: (at) => `${data.layers[layer[at]][0]}/${number(at)}`,
      href: (at) => new URL(`filters/${encodeURIComponent(data.layers[layer[at]][1])}-${number(at)}.html`, home.href).href,
    };
  };

  // What is chosen stands behind the # of the address, so that a link keeps it --------------

  const state = {
    read: () => new URLSearchParams(location.hash.slice(1)),
    write(chosen, lasting) {
      const kept = Object.entries(chosen).filter(([, value]) => value !== "" && value !== null);
      const hash = kept.length ? `#${new URLSearchParams(kept)}` : "";
      if (hash === location.hash) return;
      const address = location.href.split("#")[0] + hash;
      // Browsers refuse more than so many in some seconds; then only the address stays behind.
      try { history[lasting ? "pushState" : "replaceState"](null, "", address); } catch { /* later */ }
    },
    listen: (apply) => {
      addEventListener("popstate", apply);
      addEventListener("hashchange", apply);
    },
  };

  const later = (act, milliseconds) => {
    let waiting = 0;
    return () => { clearTimeout(waiting); waiting = setTimeout(act, milliseconds); };
  };

  // Keys ------------------------------------------------------------------------------------

  const KEYS = [
    ["← →", "the previous, the next"], ["/", "search"], ["i", "the overview"],
    ["r", "a filter at random"], ["↑ ↓", "through the rows of the table of all filters"], ["?", "this help"],
  ];
  const help = () => {
    let dialog = document.getElementById("help");
    if (!dialog) {
      dialog = make("dialog", { id: "help" });
      dialog.setAttribute("aria-label", "Keys");
      const list = make("dl", { className: "plain" });
      KEYS.forEach(([key, told]) => list.append(make("dt", {}, make("kbd", {}, key)), make("dd", {}, told)));
      const box = make("input", { type: "checkbox", checked: keys });
      box.addEventListener("change", () => {
        keys = box.checked;
        remember("facsinterp-keys", keys ? "on" : "off");
      });
      const close = make("button", { type: "button", autofocus: true }, "Close");
      close.addEventListener("click", () => dialog.close());
      dialog.append(make("h2", {}, "Keys"), list, make("p", {}, make("label", {}, box, " Keys are on")), close);
      document.body.append(dialog);
    }
    dialog.showModal();
  };

  const shared = {
    make, compare, headButton, mark, unpack, sortRows, unitsOf, register, state, later, busy,
    // Which filters `r` chooses from: those that a table on the page shows, else all.
    choose: null,
  };

  const random = () => {
    const go = () => {
      const all = shared.choose ? null : register(window.facsinterpFilters);
      const next = all ? all.href(Math.floor(Math.random() * all.total)) : shared.choose();
      if (next) location.href = next;
    };
    if (shared.choose || window.facsinterpFilters) return go();
    const script = make("script", { src: new URL("data/filters.js", home.href).href });
    script.addEventListener("load", go);
    document.head.append(script);
    return undefined;
  };

  document.addEventListener("keydown", (event) => {
    if (!keys || busy(event)) return;
    if (event.key === "?") { event.preventDefault(); help(); return; }
    if (event.shiftKey) return;
    const link = document.querySelector(`a[data-press="${CSS.escape(event.key)}"]`);
    const search = document.querySelector("input[type=search]");
    if (link) { event.preventDefault(); link.click(); }
    else if (event.key === "/" && search) { event.preventDefault(); search.focus(); }
    else if (event.key === "i") home.click();
    else if (event.key === "r") random();
  });
  const opener = make("button", { type: "button", className: "quiet" }, "Keys");
  opener.addEventListener("click", help);
  const there = (page, text) => make("a", { href: new URL(page, home.href).href }, text);
  document.querySelector("footer p").append(" · ", there("methods.html", "how every number is made"),
    " · ", there("data.html", "which faces, under which terms"), " · ", opener);

  // Charts as files -------------------------------------------------------------------------

  const DRAWN = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin",
    "stroke-opacity", "opacity", "font-family", "font-size", "font-weight", "text-anchor"];

  // A chart that stands alone: its styles written into it, on the paper of the page.
  const standalone = (chart) => {
    const copy = chart.cloneNode(true);
    const { width, height } = chart.viewBox.baseVal;
    const parts = [...copy.querySelectorAll("*")];
    [...chart.querySelectorAll("*")].forEach((part, i) => {
      const style = getComputedStyle(part);
      parts[i].setAttribute("style", DRAWN.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
    });
    const family = getComputedStyle(chart);
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    copy.setAttribute("style", `font:${family.font}`);
    const paper = getComputedStyle(document.body).backgroundColor;
    const ground = document.createElementNS(chart.namespaceURI, "rect");
    Object.entries({ width, height, fill: paper }).forEach(([name, value]) => ground.setAttribute(name, value));
    copy.prepend(ground);
    return { text: new XMLSerializer().serializeToString(copy), width, height };
  };

  const hand = (blob, name) => {
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const asPng = ({ text, width, height }, name) => {
    const image = new Image();
    image.addEventListener("load", () => {
      const canvas = make("canvas", { width: 2 * width, height: 2 * height });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => hand(blob, name), "image/png");
    });
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  };

  const savable = (figure) => {
    // Asked for again on each click: a chart is drawn anew where the window gets narrow.
    const charts = () => [...figure.querySelectorAll("svg.chart")];
    if (!charts().length) return;
    const place = make("p", { className: "save" }, "Save as ");
    const told = charts()[0].getAttribute("aria-label") || document.title;
    const name = told.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "figure";
    ["SVG", "PNG"].forEach((kind) => {
      const button = make("button", { type: "button", className: "quiet" }, kind);
      button.setAttribute("aria-label", `Save as ${kind}: ${told.slice(0, 80)}`);
      button.addEventListener("click", () => charts().forEach((chart, i, all) => {
        const file = `${name}${all.length > 1 ? `-${i + 1}` : ""}.${kind.toLowerCase()}`;
        const alone = standalone(chart);
        if (kind === "PNG") asPng(alone, file);
        else hand(new Blob([alone.text], { type: "image/svg+xml" }), file);
      }));
      place.append(button, " ");
    });
    figure.append(place);
  };

  // The clipboard may be refused to a page from disk; then the text is selected and copied.
  const copier = (button) => {
    const told = button.parentElement.querySelector("[role=status]");
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      const text = [...source.children].map((part) => part.textContent).join("\n\n");
      try {
        await navigator.clipboard.writeText(text);
        told.textContent = "Copied.";
      } catch {
        getSelection().selectAllChildren(source);
        told.textContent = document.execCommand("copy") ? "Copied." : "Selected: copy it by key.";
      }
    });
  };

  // The scripts of a page come after this one, and what they draw is sorted and saved as well.
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("button[data-copy]").forEach(copier);
    document.querySelectorAll("table[data-sortable]").forEach(sortable);
    document.querySelectorAll("figure").forEach(savable);
  });
  return shared;
})();
