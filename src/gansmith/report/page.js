/* Draws the figures that Python has described; decides nothing about them. */
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const specifications = JSON.parse(document.getElementById("figures").textContent);
  const holders = [...document.querySelectorAll("[data-figure]")];
  const colourNames = [
    "ink", "faint", "rule", "grey", "accent", "panel", "real", "realfill", "synthetic",
    "heat0", "heat1", "heat2", "heat3",
  ];

  /* The style sheet decides light or dark; a probe tells what it decided. */
  function palette() {
    const probe = document.createElement("span");
    document.body.append(probe);
    const found = { none: "rgba(0,0,0,0)" };
    for (const name of colourNames) {
      probe.style.color = `var(--${name})`;
      found[name] = getComputedStyle(probe).color;
    }
    probe.remove();
    return found;
  }

  /* A copy with "@name" replaced, under keys that hold colours alone: a value of the user's is never touched. */
  function painted(value, colours, isColour) {
    if (typeof value === "string") return isColour && value[0] === "@" ? colours[value.slice(1)] : value;
    if (Array.isArray(value)) return value.map((item) => painted(item, colours, isColour));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, painted(item, colours, isColour || /colou?r(scale)?$/.test(key))]),
    );
  }

  function draw(holder, colours, isForPaper) {
    const specification = specifications[holder.dataset.figure];
    const { data, layout } = painted({ data: specification.data, layout: specification.layout }, colours, false);
    layout.height = specification.height;
    layout.hoverlabel = { ...layout.hoverlabel, bgcolor: colours.panel, bordercolor: colours.faint };
    layout.hoverlabel.font = { ...layout.hoverlabel.font, color: colours.ink };
    if (isForPaper) layout.width = holder.clientWidth;
    else layout.autosize = true;
    const options = { displayModeBar: false, responsive: true, staticPlot: specification.still };
    window.Plotly.react(holder, data, layout, options);
    holder.dataset.drawn = "yes";
  }

  const isDrawn = (holder) => holder.dataset.drawn === "yes";
  let colours = palette();

  for (const holder of holders) holder.style.minHeight = `${specifications[holder.dataset.figure].height}px`;
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting || isDrawn(entry.target)) continue;
        watcher.unobserve(entry.target);
        draw(entry.target, colours, false);
      }
    },
    { rootMargin: "400px 0px" },
  );

  /* Plotly comes packed; the policy names the hash of what is unpacked. Figures wait for it, nothing else does. */
  async function unpack() {
    const bytes = Uint8Array.from(atob(document.getElementById("plotly").textContent), (c) => c.charCodeAt(0));
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(unpacked).text();
    document.head.append(script);
    for (const holder of holders) watcher.observe(holder);
  }
  const lacking = document.getElementById("no-figures");
  if (holders.length) unpack().catch(() => { lacking.hidden = false; });

  function repaint() {
    colours = palette();
    for (const holder of holders) if (isDrawn(holder)) draw(holder, colours, false);
  }

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
    repaint();
  });
  system.addEventListener("change", () => { label(); repaint(); });

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

  /* Paper: everything unfolded and drawn, in light colours, as wide as the paper; and back again. */
  let before = null;
  window.addEventListener("beforeprint", () => {
    if (before) return;
    const folded = [...document.querySelectorAll("details:not([open]):not(.numbers)")];
    before = { theme: root.dataset.theme, folded };
    for (const part of folded) part.open = true;
    root.dataset.theme = "light";
    root.classList.add("printing");
    const light = palette();
    if (window.Plotly) for (const holder of holders) draw(holder, light, true);
    else if (holders.length) lacking.hidden = false;
  });
  window.addEventListener("afterprint", () => {
    if (!before) return;
    for (const part of before.folded) part.open = false;
    if (before.theme) root.dataset.theme = before.theme;
    else delete root.dataset.theme;
    root.classList.remove("printing");
    before = null;
    repaint();
  });
})();
