// Keys, sortable tables, the listing of filters, and Plotly figures. Everything works from
// file://, so nothing is fetched: data comes as scripts that set one name on window.
"use strict";

(() => {
  // A key follows the link that carries its name, unless somebody is typing.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea, .plot")) return;
    const link = document.querySelector(`a[data-press="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
  });

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  // Missing keys stay last in both directions.
  const compare = (a, b, sign) => {
    const none = (x) => x === null || x === undefined || x === "";
    if (none(a) || none(b)) return none(a) - none(b);
    return sign * (typeof a === "number" ? a - b : collator.compare(a, b));
  };

  const headButton = (head, title, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title);
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

  const PAGE = 50;

  const listing = (table, data) => {
    const at = (id) => document.getElementById(id);
    const [search, layer, unit, beyond, verdict, alive] =
      ["search", "layer", "unit", "beyond", "verdict", "alive"].map(at);
    const option = (select, value, text) => select.append(new Option(text, value));
    data.layers.forEach((name) => option(layer, name, name));
    const wanted = new Set(data.passing.flat());
    data.units.forEach(([number, text]) => wanted.has(number) && option(unit, number, text));
    data.kinds.forEach(([kind, text]) => option(verdict, kind, text));
    if (!data.beyond.some((units) => units.length)) beyond.parentElement.hidden = true;
    if (!data.units.length) [unit, beyond, verdict].forEach((x) => { x.parentElement.hidden = true; });

    const words = data.href.map((_, row) =>
      data.columns.map((column) => column.text[row]).join(" ").toLowerCase());
    let order = { column: 0, sign: 1 };
    let found = [];
    let page = 0;

    const head = document.createElement("tr");
    data.columns.forEach((column, i) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      if (column.kind === "number") cell.className = "num";
      headButton(cell, [column.title], () => {
        const first = column.descending ? -1 : 1;
        order = { column: i, sign: order.column === i ? -order.sign : first };
        select();
      });
      head.append(cell);
    });
    table.tHead.append(head);

    const answers = (units) =>
      unit.value === "" ? !beyond.checked || units.length > 0
        : unit.value === "any" ? units.length > 0 : units.includes(Number(unit.value));

    const select = () => {
      const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const inLayer = data.layers.indexOf(layer.value);
      found = data.href.map((_, row) => row).filter((row) =>
        (inLayer < 0 || data.layer[row] === inLayer) &&
        answers(beyond.checked ? data.beyond[row] : data.passing[row]) &&
        (verdict.value === "" || data.kind[row] === verdict.value) &&
        !(alive.checked && data.dead[row]) &&
        asked.every((word) => words[row].includes(word)));
      const column = data.columns[order.column];
      const keys = column.key || column.text;
      found.sort((a, b) => compare(keys[a], keys[b], order.sign) || a - b);
      mark([...head.cells], order.column, order.sign);
      page = 0;
      show();
    };

    const line = (row) => {
      const tr = document.createElement("tr");
      if (data.passing[row].length) tr.className = "found";
      if (data.dead[row]) tr.className = "dead";
      data.columns.forEach((column) => {
        const cell = document.createElement("td");
        if (column.kind === "verdict") {
          const badge = document.createElement("span");
          badge.className = `mark kind-${data.kind[row] || "none"}`;
          badge.textContent = column.text[row];
          cell.append(badge);
          tr.append(cell);
          return;
        }
        if (column.kind !== "text") cell.className = { number: "num" }[column.kind] || column.kind;
        if (column.kind === "link") {
          const link = document.createElement("a");
          link.href = data.href[row];
          link.textContent = column.text[row];
          cell.append(link);
        } else cell.textContent = column.text[row];
        tr.append(cell);
      });
      return tr;
    };

    const show = () => {
      const pages = Math.max(1, Math.ceil(found.length / PAGE));
      const rows = found.slice(page * PAGE, (page + 1) * PAGE);
      table.tBodies[0].replaceChildren(...rows.map(line));
      at("shown").textContent = found.length
        ? `${found.length.toLocaleString("en-GB")} of ${data.href.length.toLocaleString("en-GB")} filters`
        : "No filter fits. Clear the search to see all.";
      at("place").textContent = `page ${page + 1} of ${pages}`;
      at("back").disabled = page === 0;
      at("forth").disabled = page + 1 >= pages;
    };

    const turn = (by) => { page += by; show(); table.scrollIntoView({ block: "nearest" }); };
    const fromAddress = (scroll) => {
      const asked = new URLSearchParams(location.hash.slice(1));
      if (!["layer", "unit", "verdict"].some((name) => asked.has(name))) return;
      layer.value = asked.get("layer") || "";
      unit.value = asked.get("unit") || "";
      verdict.value = asked.get("verdict") || "";
      beyond.checked = asked.has("beyond");
      search.value = "";
      select();
      if (scroll) at("filters").scrollIntoView();
    };

    search.form.addEventListener("submit", (event) => event.preventDefault());
    [layer, unit, beyond, verdict, alive].forEach((field) => field.addEventListener("change", select));
    let waiting = 0;
    search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(select, 80);
    });
    at("clear").addEventListener("click", () => {
      search.value = layer.value = unit.value = verdict.value = "";
      alive.checked = beyond.checked = false;
      history.replaceState(null, "", location.pathname);
      select();
    });
    at("back").addEventListener("click", () => turn(-1));
    at("forth").addEventListener("click", () => turn(1));
    addEventListener("hashchange", () => fromAddress(true));
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, select, textarea, .plot")) return;
      if (event.key === "/") {
        event.preventDefault();
        search.focus();
      }
      if (event.key === "r" && found.length) {
        location.href = data.href[found[Math.floor(Math.random() * found.length)]];
      }
    });
    select();
    fromAddress(true);
  };

  const plots = (figures) => {
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink").trim();
    const rule = style.getPropertyValue("--rule").trim();
    const family = style.getPropertyValue("--sans").trim();
    document.querySelectorAll(".plot[data-figure]").forEach((place) => {
      const figure = figures[Number(place.dataset.figure)];
      const axes = Object.keys(figure.layout).filter((name) => /^[xy]axis\d*$/.test(name));
      const layout = {
        ...figure.layout,
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        font: { family, size: 13, ...(figure.layout.font || {}), color: ink },
      };
      for (const name of new Set(["xaxis", "yaxis", ...axes])) {
        layout[name] = { gridcolor: rule, zerolinecolor: rule, ...(layout[name] || {}) };
      }
      window.Plotly.newPlot(place, figure.data, layout, { displaylogo: false, responsive: true });
    });
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

  document.querySelectorAll("button[data-copy]").forEach(copier);
  document.querySelectorAll("table[data-sortable]").forEach(sortable);
  const table = document.getElementById("listing");
  if (table && window.facsinterpFilters) listing(table, window.facsinterpFilters);
  // Plotly is large and comes last, so that the table need not wait for it.
  addEventListener("load", () => {
    if (window.Plotly && window.facsinterpFigures) plots(window.facsinterpFigures);
  });
})();
