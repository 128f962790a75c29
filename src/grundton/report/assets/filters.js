// Which findings are shown: the state, the form, the address, and the matching.

const DEFAULT_VERDICTS = ["fail", "error", "not_checked"];
const emptyState = () => ({ q: "", measure: "", host: "", component: "", severity: new Set(), verdict: new Set(DEFAULT_VERDICTS), group: "control" });
const state = emptyState();
const fields = {};
let afterChange = () => {};

const totals = VERDICTS.map(() => 0);
for (let row = 0; row < count; row += 1) totals[finding.rank[row]] += 1;

/** Change the state, show it in the form and in the address, and redraw. */
function change(part, { reset = false } = {}) {
  Object.assign(state, reset ? emptyState() : {}, part);
  showState();
  writeAddress();
  afterChange();
}

function showState() {
  for (const key of ["q", "measure", "host", "component", "group"]) {
    if (fields[key].value !== state[key]) fields[key].value = state[key];
  }
  for (const key of ["severity", "verdict"]) {
    for (const chip of fields[key].querySelectorAll("button")) chip.setAttribute("aria-pressed", String(state[key].has(chip.value)));
  }
}

const same = (set, list) => set.size === list.length && list.every((item) => set.has(item));

function writeAddress() {
  const query = new URLSearchParams();
  for (const key of ["q", "measure", "host", "component"]) if (state[key]) query.set(key, state[key]);
  if (state.severity.size) query.set("severity", [...state.severity].join(","));
  if (!same(state.verdict, DEFAULT_VERDICTS)) query.set("verdict", [...state.verdict].join(","));
  if (state.group !== "control") query.set("group", state.group);
  const text = query.toString();
  try {
    history.replaceState(null, "", text ? `#findings?${text}` : "#");
  } catch {
    // Some viewers forbid it for local files; the filters work all the same.
  }
}

/** Read the filters out of an address such as `#findings?measure=M+5.135`; tells whether there were any. */
function readAddress() {
  const [, query] = /^#findings\?(.*)$/.exec(location.hash) || [];
  if (query === undefined) return false;
  const given = new URLSearchParams(query);
  const list = (key, known, otherwise) => (given.has(key) ? new Set(given.get(key).split(",").filter((item) => known.includes(item))) : otherwise);
  Object.assign(state, emptyState(), {
    q: given.get("q") || "",
    host: given.get("host") || "",
    measure: data.measures.some((measure) => measure.id === given.get("measure")) ? given.get("measure") : "",
    component: controls.some((control) => control.component === given.get("component")) ? given.get("component") : "",
    group: ["control", "host", "measure"].includes(given.get("group")) ? given.get("group") : "control",
    severity: list("severity", SEVERITIES, new Set()),
    verdict: list("verdict", VERDICTS, new Set(DEFAULT_VERDICTS)),
  });
  return true;
}

// --- matching ---

/** Does one of the folded runs of an object list contain this very name or number? */
function inRuns(runs, term) {
  return runs.some(([head, first, last, tail]) => {
    const [before, after] = [head.toLowerCase(), tail.toLowerCase()];
    let digits = term;
    if (term.startsWith(before) && term.endsWith(after) && term.length > before.length + after.length) {
      digits = term.slice(before.length, term.length - after.length);
    }
    if (!/^\d+$/.test(digits) || digits.length < first.length || digits.length > last.length) return false;
    return Number(digits) >= Number(first) && Number(digits) <= Number(last);
  });
}

const lower = (list) => list.map((item) => item.toLowerCase());
let haystack = null;

/** Lower-case texts to search in, made when somebody first searches. */
function hay() {
  haystack ||= {
    texts: lower(texts),
    controls: controls.map((control) => [control.id, ...control.title, ...control.demands, control.why, control.remedy, ...control.sources].join("\n").toLowerCase()),
    hosts: lower(hosts.map((host) => host.name)),
    objects: lower(data.objects.map(([, names]) => names)),
  };
  return haystack;
}

/** For one search term: a test of a row. Every different text is looked at once, not once per finding. */
function termTest(term) {
  const source = hay();
  const has = (text) => text.includes(term);
  const inText = source.texts.map(has);
  const inControl = source.controls.map(has);
  const inHost = source.hosts.map(has);
  const inObjects = source.objects.map((names, index) => has(names) || inRuns(data.objects[index][2], term));
  const inDetails = data.details.map((rows) => rows.some((detail) => inText[detail[0]] || inText[detail[2]] || inText[detail[3]] || inText[detail[5]]));
  const isId = /^[0-9a-f]{6,12}$/.test(term);
  return (row) =>
    inControl[finding.control[row]] || inHost[finding.host[row]] || inObjects[finding.objects[row]] || inDetails[finding.details[row]] ||
    inText[finding.kind[row]] || inText[finding.note[row]] || (isId && idOf(row).startsWith(term));
}

/** The hosts a filter text means: the one of that name, else all whose name contains it. */
function hostTest(text) {
  const exact = hosts.find((host) => host.name === text);
  if (exact) return (index) => index === exact.index;
  const needle = text.toLowerCase();
  const matching = hosts.map((host) => host.name.toLowerCase().includes(needle));
  return (index) => matching[index];
}

/** The rows that pass every filter, in data order. */
function matchingRows() {
  const wantedControl = controls.map(
    (control) =>
      (!state.severity.size || state.severity.has(control.severity)) &&
      (!state.component || control.component === state.component) &&
      (!state.measure || control.measures.some((index) => data.measures[index].id === state.measure)),
  );
  const wantedVerdict = VERDICTS.map((verdict) => !state.verdict.size || state.verdict.has(verdict));
  const wantedHost = state.host.trim() ? hostTest(state.host.trim()) : null;
  const tests = state.q.toLowerCase().split(/\s+/).filter(Boolean).map(termTest);
  const rows = [];
  for (let row = 0; row < count; row += 1) {
    if (!wantedControl[finding.control[row]] || !wantedVerdict[finding.rank[row]]) continue;
    if (wantedHost && !wantedHost(finding.host[row])) continue;
    if (tests.every((test) => test(row))) rows.push(row);
  }
  return rows;
}

// --- the form ---

function labelled(key, pair, control) {
  fields[key] = control;
  return el("label", { class: `field field-${key}` }, el("span", { class: "field-label" }, both(pair)), control);
}

function choice(options, onchange) {
  return el("select", { change: onchange }, ...options.map(([value, pair]) => translated(el("option", { value }), "text", pair)));
}

function chips(key, pair, options) {
  const toggle = (event) => {
    const chosen = new Set(state[key]);
    if (!chosen.delete(event.currentTarget.value)) chosen.add(event.currentTarget.value);
    change({ [key]: chosen });
  };
  fields[key] = el(
    "div",
    { class: "chips", role: "group" },
    ...options.map(([value, text, sign, total]) =>
      el("button", { type: "button", class: `chip chip-${value}`, value, "aria-pressed": "false", click: toggle },
        sign ? el("span", { class: "sign", "aria-hidden": "true", text: sign }) : null, both(text),
        total === undefined ? null : el("span", { class: "chip-count", text: String(total) }))),
  );
  translated(fields[key], "aria-label", pair);
  return el("div", { class: `field field-${key}` }, el("span", { class: "field-label", "aria-hidden": "true" }, both(pair)), fields[key]);
}

function drawFilters() {
  let timer = 0;
  const later = (key) => (event) => {
    clearTimeout(timer);
    const { value } = event.target;
    timer = setTimeout(() => change({ [key]: value }), 120);
  };
  const now = (key) => (event) => change({ [key]: event.target.value });
  const components = [...new Set(controls.map((control) => control.component))].sort();
  const search = translated(el("input", { type: "search", id: "search", spellcheck: "false", input: later("q") }), "placeholder", word.search_hint);
  const host = translated(el("input", { type: "search", list: "host-names", spellcheck: "false", input: later("host") }), "placeholder", word.all);
  const form = byId("filters");
  form.append(
    el("div", { class: "filter-row" },
      labelled("q", word.search, search),
      labelled("measure", word.measure, choice([["", word.all], ...data.measures.map((measure) => [measure.id, measure.title.map((title) => `${measure.id} ${title}`)])], now("measure"))),
      labelled("host", word.host, host),
      el("datalist", { id: "host-names" }, ...hosts.map(({ name }) => el("option", { value: name }))),
      labelled("component", word.component, choice([["", word.all], ...components.map((name) => [name, [name, name]])], now("component"))),
      labelled("group", word.group, choice([["control", word.by_control], ["host", word.by_host], ["measure", word.by_measure]], now("group")))),
    el("div", { class: "filter-row" },
      chips("severity", word.severity, SEVERITIES.map((key) => [key, data.words.severity[key]])),
      chips("verdict", word.verdict, VERDICTS.map((key, index) => [key, data.words.verdict[key], data.words.verdict_sign[key], totals[index]]).filter((item) => item[3])),
      el("button", { type: "button", class: "plain reset", id: "reset", click: () => change({}, { reset: true }) }, both(word.reset))),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** The filters in force as one readable text, for print. */
function filterText() {
  const parts = ["measure", "host", "component", "q"].filter((key) => state[key]).map((key) => state[key]);
  for (const key of ["severity", "verdict"]) if (state[key].size) parts.push([...state[key]].map((item) => data.words[key][item][language()]).join("/"));
  return parts.join(", ");
}
