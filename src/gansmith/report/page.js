/* What a page can do beyond being read: the theme, the divider of pictures, and all of it on paper. */
(() => {
  "use strict";
  const root = document.documentElement;

  /* Light or dark: the system's choice until the reader makes one. */
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const button = document.querySelector("button.theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const label = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
  button.hidden = false;
  label();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
  });
  system.addEventListener("change", label);

  /* Before and after: the divider follows the pointer, and the keys of the range input behind it. */
  for (const frame of document.querySelectorAll(".pair .seen")) {
    const range = frame.querySelector("input");
    const cut = () => frame.style.setProperty("--cut", `${range.value}%`);
    const drag = (event) => {
      const place = frame.getBoundingClientRect();
      range.value = (100 * (event.clientX - place.left)) / place.width;
      cut();
    };
    range.addEventListener("input", cut);
    frame.addEventListener("pointerdown", (event) => {
      if (event.button || event.target.closest("select")) return;
      frame.setPointerCapture(event.pointerId);
      drag(event);
    });
    frame.addEventListener("pointermove", (event) => {
      if (frame.hasPointerCapture(event.pointerId)) drag(event);
    });
    for (const side of ["left", "right"]) {
      const choice = frame.querySelector(`select.${side}`);
      choice.addEventListener("change", () => {
        const pictures = frame.querySelectorAll("img");
        pictures.forEach((one, place) => one.classList.toggle(`is-${side}`, place === choice.selectedIndex));
      });
    }
  }

  /* Paper: everything unfolded, and folded again. */
  const unfolded = [];
  window.addEventListener("beforeprint", () => {
    unfolded.push(...document.querySelectorAll("details:not([open]):not(.numbers)"));
    for (const part of unfolded) part.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const part of unfolded.splice(0)) part.open = false;
  });
})();
