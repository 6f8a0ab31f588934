// Chooses among the faces by unit, expression and subject; the address tells what is chosen.
"use strict";

(() => {
  const { state } = window.facsinterp;
  const form = document.getElementById("choose");
  const faces = [...document.querySelectorAll("#faces > li")];
  const names = { unit: "u", expression: "e", subject: "s" };
  const field = (name) => document.getElementById(name);

  const select = () => {
    const asked = Object.keys(names).filter((name) => field(name).value !== "");
    const fits = (face) => asked.every((name) => {
      const own = face.dataset[names[name]] || "";
      const value = field(name).value;
      return name === "unit" ? own.split(" ").includes(value) : own === value;
    });
    let count = 0;
    faces.forEach((face) => {
      face.hidden = !fits(face);
      count += !face.hidden;
    });
    const number = (n) => n.toLocaleString("en-GB");
    field("found").textContent = count
      ? `${number(count)} of ${number(faces.length)} faces`
      : "No face fits. Clear the choice to see all.";
    return asked;
  };

  const fromAddress = () => {
    const asked = state.read();
    Object.keys(names).forEach((name) => { field(name).value = asked.get(name) || ""; });
    // A name that no face has leaves the field without a choice.
    Object.keys(names).forEach((name) => { if (field(name).selectedIndex < 0) field(name).value = ""; });
    select();
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    state.write(Object.fromEntries(select().map((name) => [name, field(name).value])), true);
  });
  form.addEventListener("reset", () => setTimeout(() => {
    state.write({}, true);
    select();
  }));
  state.listen(fromAddress);
  fromAddress();
})();
