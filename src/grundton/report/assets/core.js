// Building the page: elements and texts. Nothing here ever parses a string as HTML.

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const translations = new WeakMap();

/** The language shown: 0 English, 1 German; an index into every pair of texts. */
const language = () => (root.dataset.lang === "de" ? 1 : 0);

/** Make an element. `attributes` are set as attributes, functions as listeners, `class` and `text` as you think. */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A pair of texts as two spans, of which the style sheet shows one. */
function both(pair) {
  if (pair[0] === pair[1]) return document.createTextNode(pair[0]);
  const fragment = document.createDocumentFragment();
  fragment.append(el("span", { class: "l-en", lang: "en", text: pair[0] }), el("span", { class: "l-de", lang: "de", text: pair[1] }));
  return fragment;
}

const LOCALES = ["en-GB", "de-DE"];

/** Fill `{0}`, `{1}` … of both texts of a pair; numbers as each language writes them. */
const fill = (pair, ...values) =>
  pair.map((text, which) => text.replace(/\{(\d)\}/g, (_, index) => (typeof values[index] === "number" ? values[index].toLocaleString(LOCALES[which]) : String(values[index]))));

/** Keep an attribute, or the text when `name` is `text`, in the language that is shown. */
function translated(node, name, pair) {
  const own = translations.get(node) || new Map();
  translations.set(node, own.set(name, pair));
  node.setAttribute("data-translated", "");
  translate(node);
  return node;
}

function translate(node) {
  for (const [name, pair] of translations.get(node) || []) {
    if (name === "text") node.textContent = pair[language()];
    else node.setAttribute(name, pair[language()]);
  }
}

/** Scroll to an element and put the focus there. */
function goTo(node) {
  if (!node.hasAttribute("tabindex")) node.setAttribute("tabindex", "-1");
  node.scrollIntoView({ block: "start" });
  node.focus({ preventScroll: true });
}
