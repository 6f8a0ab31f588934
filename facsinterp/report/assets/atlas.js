// The arrow keys go from unit to unit; without a script the links do.
"use strict";

document.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: -1, ArrowRight: 1 };
  if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const sections = [...document.querySelectorAll(".atlas section")];
  // The unit at the top of the view, or the one that was gone to if it is in view.
  const top = sections.findLastIndex((one) => one.getBoundingClientRect().top < 40);
  const gone = sections.findIndex((one) => one.contains(document.activeElement));
  const next = sections[Math.max(0, (gone >= 0 ? gone : top) + steps[event.key])];
  if (!next) return;
  event.preventDefault();
  next.scrollIntoView();
  next.querySelector("h2").focus({ preventScroll: true });
  history.replaceState(null, "", `#${next.id}`);
});
