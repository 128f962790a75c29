// The page as a whole: language, appearance, print, links, keys; and the start.

function remember(key, value) {
  try {
    localStorage.setItem(`grundton-${key}`, value);
  } catch {
    // Local files may have no storage; then the choice lasts as long as the page.
  }
}

function recall(key) {
  try {
    return localStorage.getItem(`grundton-${key}`);
  } catch {
    return null;
  }
}

function press(group, key, value) {
  for (const button of group.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset[key] === value));
}

function setLanguage(value) {
  root.dataset.lang = value;
  root.lang = value;
  press(byId("language-switch"), "language", value);
  for (const node of document.querySelectorAll(`[data-aria-label-${value}]`)) {
    node.setAttribute("aria-label", node.getAttribute(`data-aria-label-${value}`));
  }
  for (const node of document.querySelectorAll("[data-translated]")) translate(node);
}

function setTheme(value) {
  if (value === "auto") root.removeAttribute("data-theme");
  else root.dataset.theme = value;
  press(byId("theme-switch"), "theme", value);
}

function startSwitch(id, key, set, known) {
  const group = byId(id);
  group.addEventListener("click", (event) => {
    const value = event.target.closest("button")?.dataset[key];
    if (!value) return;
    set(value);
    remember(key, value);
  });
  const before = recall(key);
  if (known.includes(before)) set(before);
}

let openMeasures = null;

function startPrint() {
  byId("print-button").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", () => {
    if (openMeasures) return;
    const all = [...document.querySelectorAll("details.measure, details.plain-details")];
    openMeasures = all.filter((node) => node.open);
    for (const node of all) node.open = true;
    openForPrint();
  });
  window.addEventListener("afterprint", () => {
    if (!openMeasures) return;
    for (const node of document.querySelectorAll("details.measure, details.plain-details")) node.open = openMeasures.includes(node);
    openMeasures = null;
    closeAfterPrint();
  });
}

/** Follow an address inside the page: a finding, a control, a measure, filters. */
function followAddress() {
  const anchor = decodeURIComponent(location.hash.slice(1));
  if (readAddress()) {
    showState();
    drawFindings();
    goTo(byId("findings"));
  } else if (anchor.startsWith("f-")) showFinding(anchor);
  else if (anchor.startsWith("c-")) showControl(anchor.slice(2));
  else if (anchor.startsWith("m-")) {
    const measure = byId(anchor);
    if (measure) measure.open = true;
    measure?.scrollIntoView();
  }
}

function startLinks() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a, button");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.classList.contains("to-control")) {
      event.preventDefault();
      showControl(link.dataset.control);
    } else if (link.classList.contains("to-measure")) {
      change({ measure: data.measures[Number(link.dataset.measure)].id, verdict: new Set() }, { reset: true });
      goTo(byId("findings"));
    }
  });
  window.addEventListener("hashchange", followAddress);
}

function startKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = /^(input|select|textarea)$/i.test(event.target.tagName || "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      goTo(byId("findings"));
      fields.q.focus();
    } else if (event.key === "Escape" && event.target === fields.q && state.q) {
      change({ q: "" });
    }
  });
}

root.classList.remove("no-js");
drawFilters();
afterChange = drawFindings;
startSwitch("language-switch", "language", setLanguage, ["en", "de"]);
startSwitch("theme-switch", "theme", setTheme, ["auto", "light", "dark"]);
startMap();
startPrint();
startLinks();
startKeys();
showState();
drawFindings();
if (location.hash.length > 1) followAddress();
root.dataset.ready = "true";
