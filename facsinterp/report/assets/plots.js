// Plotly figures. Plotly is large, so that it is read when the first figure comes near the view.
"use strict";

(() => {
  const own = document.currentScript;
  const home = document.querySelector(".brand").href;
  const read = (source) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = source;
    script.addEventListener("load", done);
    script.addEventListener("error", failed);
    document.head.append(script);
  });
  let ready = null;
  const loaded = () => {
    ready = ready || Promise.all([read(own.dataset.figures), read(own.dataset.src)]);
    return ready;
  };

  // Colours are told by their names in the style sheet, so that they follow light and dark.
  const coloured = (thing, style) => {
    if (typeof thing === "string") {
      const named = /^var\((--[\w-]+)\)$/.exec(thing);
      return named ? style.getPropertyValue(named[1]).trim() : thing;
    }
    if (Array.isArray(thing)) {
      return typeof thing[0] === "number" ? thing : thing.map((inner) => coloured(inner, style));
    }
    if (thing && typeof thing === "object") {
      return Object.fromEntries(Object.entries(thing).map(([key, inner]) => [key, coloured(inner, style)]));
    }
    return thing;
  };

  const dressed = (figure, place) => {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(name).trim();
    const layout = coloured(figure.layout, style);
    const narrow = place.clientWidth < 560;
    const axes = Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
    const made = {
      ...layout,
      autosize: true,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: value("--sans"), size: narrow ? 11 : 13, ...(layout.font || {}), color: value("--ink") },
      hoverlabel: { bgcolor: value("--sheet"), bordercolor: value("--rule"), font: { color: value("--ink") }, ...(layout.hoverlabel || {}) },
      margin: { l: narrow ? 40 : 60, r: narrow ? 8 : 24, t: 40, b: 50, ...(narrow ? {} : layout.margin || {}) },
    };
    delete made.width;
    for (const name of new Set(["xaxis", "yaxis", ...axes])) {
      made[name] = { gridcolor: value("--rule"), zerolinecolor: value("--rule"), automargin: true, ...(made[name] || {}) };
    }
    return [coloured(figure.data, style), made];
  };

  // A point leads where its `customdata` says, if that is a page of this site.
  const follow = (event) => {
    const target = event.points[0] && event.points[0].customdata;
    if (typeof target !== "string") return;
    const address = new URL(target, location.href);
    if (address.href.startsWith(new URL(".", home).href)) location.href = address.href;
  };

  // Points of a listed figure have the places of their filters in the list of all, which one file
  // tells for every figure. Plotly reads some HTML in names, so that these are written as text.
  const plain = (name) => name.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const named = async (figure) => {
    if (!figure.listed) return figure;
    if (!window.facsinterpFilters) await read(new URL("data/filters.js", home).href);
    const { name, href } = window.facsinterp.register(window.facsinterpFilters);
    return {
      ...figure,
      data: figure.data.map((trace) => ({
        ...trace, text: trace.customdata.map((at) => plain(name(at))), customdata: trace.customdata.map(href),
      })),
    };
  };

  const file = (place) => ({ format: "svg", filename: (place.getAttribute("aria-label") || "figure").slice(0, 60) });
  const begun = new Set();
  const draw = async (place) => {
    if (begun.has(place)) return;
    begun.add(place);
    seen.unobserve(place);
    await loaded();
    const told = window.facsinterpFigures[Number(place.dataset.figure)];
    if (!told) return;
    const figure = await named(told);
    const { Plotly } = window;
    const settings = {
      displaylogo: false,
      responsive: true,
      displayModeBar: place.clientWidth < 560 ? false : "hover",
      toImageButtonOptions: { ...file(place), format: "png", scale: 2 },
      modeBarButtonsToRemove: ["lasso2d", "select2d"],
      modeBarButtonsToAdd: [{
        name: "Download as SVG",
        icon: Plotly.Icons.disk,
        click: (drawn) => Plotly.downloadImage(drawn, file(place)),
      }],
    };
    await Plotly.newPlot(place, ...dressed(figure, place), settings);
    place.classList.add("drawn");
    // Where the window or the paper gets another width Plotly takes the height from here.
    place.style.minHeight = `${place.offsetHeight}px`;
    place.on("plotly_click", follow);
    if (window.requestIdleCallback) requestIdleCallback(drawAll);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
      Plotly.react(place, ...dressed(figure, place), settings));
  };

  const seen = new IntersectionObserver((entries) => entries.forEach((entry) => {
    if (entry.isIntersecting) draw(entry.target);
  }), { rootMargin: "150px" });
  document.querySelectorAll(".plot[data-figure]").forEach((place) => {
    // Whoever cannot see the figure hears what stands above it.
    const title = place.closest("section")?.querySelector("h2, h3");
    if (!place.hasAttribute("aria-label")) place.setAttribute("aria-label", title ? title.textContent : document.title);
    place.setAttribute("role", "group");
    seen.observe(place);
  });

  // Paper shows what was never in view. No browser waits for what printing begins: once Plotly is
  // there the others are drawn too, and the style sheet says on paper where one is missing.
  const drawAll = () => document.querySelectorAll(".plot[data-figure]").forEach(draw);
  addEventListener("beforeprint", drawAll);
  matchMedia("print").addEventListener("change", (event) => event.matches && drawAll());
  if (matchMedia("print").matches) drawAll();
})();
