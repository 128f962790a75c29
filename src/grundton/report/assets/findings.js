// The findings: cards by control, drawn when they are opened and a piece at a time.

const ROWS_AT_ONCE = 25;
const GROUPS_AT_ONCE = 60;
const DETAILS_AT_ONCE = 20;
const ROWS_PRINTED = 1000;
const ROWS_PRINTED_PER_CARD = 50;
let shownRows = [];

const severityRank = (control) => SEVERITIES.indexOf(controls[control].severity);
const impactRank = (control) => ["R0", "R1", "R2", "R3", "R4", "RP"].indexOf(controls[control].impact);
const worstFirst = (a, b) => finding.rank[a] - finding.rank[b] || finding.host[a] - finding.host[b] || a - b;

/** Put rows into groups by a function from row to one or more keys. */
function grouped(rows, keysOf) {
  const groups = new Map();
  for (const row of rows) {
    for (const key of keysOf(row)) {
      if (groups.has(key)) groups.get(key).push(row);
      else groups.set(key, [row]);
    }
  }
  return groups;
}

const hostsIn = (rows) => new Set(rows.map((row) => finding.host[row])).size;
const worstIn = (rows) => rows.reduce((worst, row) => Math.min(worst, finding.rank[row]), VERDICTS.length);

/** Rows by control, worst first: verdict, severity, number of hosts with that verdict, cost of the change. */
function byControl(rows) {
  const groups = [...grouped(rows, (row) => [finding.control[row]])].map(([control, own]) => {
    const worst = worstIn(own);
    return { control, rows: own, worst, hosts: hostsIn(own.filter((row) => finding.rank[row] === worst)) };
  });
  return groups.sort((a, b) => a.worst - b.worst || severityRank(a.control) - severityRank(b.control) || b.hosts - a.hosts || impactRank(a.control) - impactRank(b.control) || a.control - b.control);
}

// --- one card ---

function severityBadge(severity) {
  return el("span", { class: `badge s-${severity}` }, both(data.words.severity[severity]));
}

function verdictBadge(rank) {
  const verdict = VERDICTS[rank];
  return el("span", { class: `badge f-${verdict}` }, el("span", { class: "sign", "aria-hidden": "true", text: data.words.verdict_sign[verdict] }), both(data.words.verdict[verdict]));
}

function tally(rows) {
  const counts = VERDICTS.map(() => 0);
  for (const row of rows) counts[finding.rank[row]] += 1;
  return el("span", { class: "tally" }, ...counts.map((number, rank) => {
    if (!number) return null;
    const verdict = VERDICTS[rank];
    return el("span", { class: `count f-${verdict}` }, el("span", { class: "sign", "aria-hidden": "true", text: data.words.verdict_sign[verdict] }), ` ${number} `, el("span", { class: "sr" }, both(data.words.verdict[verdict])));
  }));
}

function measureLink(index) {
  const { id } = data.measures[index];
  return el("a", { class: "mono", href: `#m-${id.replace("M ", "")}`, text: id });
}

function spaced(nodes) {
  return nodes.flatMap((node, index) => (index ? [" ", node] : [node]));
}

/** A list of cards of one kind, each drawn when it is first opened. */
function controlCard({ control, rows, hosts: hostCount }, { anchors = true } = {}) {
  const about = controls[control];
  const card = el("details", { class: "finding-card", id: anchors ? `c-${about.id}` : undefined });
  card.append(
    el("summary", {},
      severityBadge(about.severity),
      el("span", { class: "card-name" }, el("span", { class: "card-title" }, both(about.title)),
        el("span", { class: "card-sub" }, el("span", { class: "mono", text: about.id }), several ? el("span", {}, ` · `, both(fill(word.of_hosts, hostCount, hosts.length))) : null)),
      tally(rows)),
  );
  let drawn = false;
  card.draw = (limit = ROWS_AT_ONCE) => {
    if (drawn && limit === ROWS_AT_ONCE) return;
    card.querySelector(".card-body")?.remove();
    drawn = true;
    card.append(cardBody(about, rows.slice().sort(worstFirst), limit, anchors));
  };
  card.addEventListener("toggle", () => card.open && card.draw());
  card.rows = rows;
  return card;
}

function cardBody(about, rows, limit, anchors) {
  const body = el("div", { class: "card-body" },
    el("div", { class: "explain" },
      el("div", {}, el("h4", {}, both(word.why)), el("p", { lang: "en", text: about.why })),
      el("div", { class: "fix" }, el("h4", {}, both(word.remedy)), el("p", { lang: "en", text: about.remedy }),
        el("p", { class: "quiet" }, both(word.impact), `: ${about.impact}, `, both(data.words.impact[about.impact] || [about.impact, about.impact])))),
    el("p", { class: "card-refs quiet" }, ...spaced(about.measures.map(measureLink)), " (", about.demands.join(", "), ") · ", both(word.level), " ", both(data.words.level[about.level] || [about.level, about.level]),
      " · ", both(word.sources), ": ", about.sources.join("; ")));
  const table = el("table", { class: "rows" }, tableHead());
  body.append(el("div", { class: "scroll" }, table));
  appendRows(table, rows, 0, limit, anchors, body);
  return body;
}

function columns() {
  return [["verdict", word.verdict], ...(several ? [["host", word.host]] : []), ["objects", word.objects], ["setting", word.setting], ["expected", word.expected], ["found", word.found], ["where", word.where], ["link", null]];
}

function tableHead() {
  return el("thead", {}, el("tr", {}, ...columns().map(([key, pair]) => el("th", { scope: "col", class: `col-${key}` }, pair ? both(pair) : el("span", { class: "sr" }, both(word.link))))));
}

function appendRows(table, rows, from, limit, anchors, body) {
  for (const row of rows.slice(from, from + limit)) table.append(findingRows(row, anchors));
  const left = rows.length - from - limit;
  if (left <= 0) return;
  const more = el("button", { type: "button", class: "plain more" }, both(fill(word.more_rows, Math.min(left, 100), left)));
  more.addEventListener("click", () => {
    const next = table.tBodies.length;
    more.remove();
    appendRows(table, rows, from + limit, 100, anchors, body);
    const first = table.tBodies[next];
    first.setAttribute("tabindex", "-1");
    first.focus({ preventScroll: true });
  });
  body.append(more);
}

/** A path that may break after its slashes. */
function path(text) {
  return el("span", { class: "mono" }, ...text.split(/(?<=\/)/).flatMap((part, index) => (index ? [el("wbr"), part] : [part])));
}

function valueCell(key, pair, text, extra) {
  const shown = texts[text];
  const cell = el("td", { class: `col-${key}` }, shown ? el("span", { class: key === "found" ? "mono" : undefined, text: shown }) : el("span", { class: "quiet" }, both(word.absent)), extra || null);
  return translated(cell, "data-label", pair);
}

/** One finding: a table body with a line per compared value. */
function findingRows(row, anchors, limit = DETAILS_AT_ONCE) {
  const anchor = anchorOf(row);
  const body = el("tbody", { id: anchors ? anchor : undefined, class: `finding r-${VERDICTS[finding.rank[row]]}` });
  const all = data.details[finding.details[row]];
  const details = all.slice().sort((a, b) => a[4] - b[4]).slice(0, limit);
  const hidden = all.length - details.length;
  const note = texts[finding.note[row]];
  const lines = details.length + (hidden ? 1 : 0) + (note || !details.length ? 1 : 0);
  const [number, names] = data.objects[finding.objects[row]];
  const span = { rowspan: lines > 1 ? lines : undefined };
  const lead = [
    el("td", { class: "col-verdict", ...span }, verdictBadge(finding.rank[row])),
    several ? translated(el("td", { class: "col-host", ...span }, hosts[finding.host[row]].name), "data-label", word.host) : null,
    translated(el("td", { class: "col-objects", ...span }, el("span", { class: "quiet", text: texts[finding.kind[row]] }), number ? el("br") : null,
      el("span", { class: "object-names", text: names }), number > 3 ? el("span", { class: "quiet", text: ` (${number})` }) : null), "data-label", word.objects),
  ].filter(Boolean);
  const link = el("td", { class: "col-link", ...span }, translated(translated(el("a", { href: `#${anchor}`, text: "#" }), "aria-label", word.link), "title", word.link));
  const rows = details.map(([key, place, expected, actual, ok, where, isDefault]) =>
    el("tr", { class: ok === 1 ? "line-ok" : "line-bad" },
      translated(el("td", { class: "col-setting" }, el("span", { class: "mono", text: texts[key] })), "data-label", word.setting),
      valueCell("expected", word.expected, expected),
      valueCell("found", word.found, actual, isDefault ? el("span", { class: "quiet small" }, el("br"), both(word.default)) : null),
      translated(el("td", { class: "col-where" }, texts[where] ? path(texts[where]) : el("span", { class: "quiet" }, both(data.words.place[texts[place]] || [texts[place], texts[place]]))), "data-label", word.where)));
  if (hidden) {
    const show = () => body.replaceWith(findingRows(row, anchors, all.length));
    rows.push(el("tr", { class: "line-note" }, el("td", { colspan: 4 }, el("button", { type: "button", class: "plain more-details", click: show }, both(fill(word.more_rows, hidden, hidden))))));
  }
  if (note || !details.length) rows.push(el("tr", { class: "line-note" }, el("td", { colspan: 4, class: "col-note" }, note ? el("span", { lang: "en", text: note }) : el("span", { class: "quiet" }, both(word.no_reason)))));
  rows[0].prepend(...lead);
  rows[0].append(link);
  body.append(...rows);
  return body;
}

// --- all cards ---

function outerCard(title, subtitle, rows) {
  const card = el("details", { class: "group-card" }, el("summary", {}, el("span", { class: "card-name" }, el("span", { class: "card-title" }, title), subtitle), tally(rows)));
  card.rows = rows;
  card.draw = () => {
    if (!card.querySelector(".group-body")) card.append(el("div", { class: "group-body" }, ...byControl(rows).map((group) => controlCard(group, { anchors: false }))));
  };
  card.addEventListener("toggle", () => card.open && card.draw());
  return card;
}

function hostCards(rows) {
  const weight = (own) => own.reduce((sum, row) => sum + (finding.rank[row] === 0 ? 10 ** (4 - severityRank(finding.control[row])) : 0), 0);
  const groups = [...grouped(rows, (row) => [finding.host[row]])].map(([host, own]) => [host, own, weight(own)]);
  return groups.sort((a, b) => b[2] - a[2] || a[0] - b[0]).map(([host, own]) => () => outerCard(document.createTextNode(hosts[host].name), null, own));
}

function measureCards(rows) {
  const groups = [...grouped(rows, (row) => controls[finding.control[row]].measures)].sort((a, b) => a[0] - b[0]);
  return groups.map(([index, own]) => () => {
    const { id, title } = data.measures[index];
    return outerCard(both(title.map((text) => `${id} ${text}`)), null, own);
  });
}

function drawFindings() {
  shownRows = matchingRows();
  const place = byId("finding-groups");
  const makers = { control: (rows) => byControl(rows).map((group) => () => controlCard(group)), host: hostCards, measure: measureCards }[state.group](shownRows);
  place.replaceChildren();
  if (!makers.length) place.append(el("p", { class: "empty" }, both(word.none_match)));
  appendCards(place, makers, 0);
  if (makers.length === 1) place.firstElementChild.open = true;
  drawResultLine();
}

function appendCards(place, makers, from) {
  place.append(...makers.slice(from, from + GROUPS_AT_ONCE).map((make) => make()));
  const left = makers.length - from - GROUPS_AT_ONCE;
  if (left <= 0) return;
  const more = el("button", { type: "button", class: "plain more" }, both(fill(word.more_groups, Math.min(left, GROUPS_AT_ONCE))));
  more.addEventListener("click", () => {
    more.remove();
    const next = place.children.length;
    appendCards(place, makers, from + GROUPS_AT_ONCE);
    place.children[next]?.querySelector("summary")?.focus();
  });
  place.append(more);
}

function drawResultLine() {
  const pair = fill(word.showing, shownRows.length, new Set(shownRows.map((row) => finding.control[row])).size, hostsIn(shownRows));
  const set = (open) => () => {
    for (const card of byId("finding-groups").querySelectorAll(":scope > details")) card.open = open;
  };
  byId("result-line").replaceChildren(el("span", {}, both(pair)),
    el("button", { type: "button", class: "plain", id: "open-all", click: set(true) }, both(word.expand)),
    el("button", { type: "button", class: "plain", id: "close-all", click: set(false) }, both(word.collapse)));
}

/** Open the card of a control, whatever the filters say. */
function showControl(id) {
  const known = controls.some((control) => control.id === id);
  if (!known) return;
  let card = byId(`c-${id}`);
  if (!card) {
    change({ q: id, verdict: new Set() }, { reset: true });
    card = byId(`c-${id}`);
  }
  if (!card) return;
  card.open = true;
  card.draw();
  goTo(card);
}

/** Open the finding an anchor names, whatever the filters say; tells whether there is one. */
function showFinding(anchor) {
  const row = rowOfAnchor(anchor);
  if (row < 0) return false;
  const { id } = controls[finding.control[row]];
  if (state.group !== "control" || !shownRows.includes(row) || !byId(`c-${id}`)) {
    Object.assign(state, emptyState(), { q: id, verdict: new Set() });
    showState();
    drawFindings();
  }
  const card = byId(`c-${id}`);
  card.open = true;
  card.draw();
  if (!byId(anchor)) card.draw(card.rows.length);
  for (const old of document.querySelectorAll(".finding.target")) old.classList.remove("target");
  const place = byId(anchor);
  place.classList.add("target");
  goTo(place);
  return true;
}

// --- print ---

let beforePrint = null;

/** Open what is to be printed: the cards that pass the filters, up to a bound a printer can bear. */
function openForPrint() {
  if (beforePrint) return;
  const cards = [...byId("finding-groups").querySelectorAll(":scope > details")];
  beforePrint = cards.filter((card) => card.open);
  let left = ROWS_PRINTED;
  let printed = 0;
  for (const card of cards) {
    if (left <= 0) break;
    const rows = Math.min(card.rows.length, ROWS_PRINTED_PER_CARD, left);
    card.draw(Math.max(rows, ROWS_AT_ONCE));
    for (const inner of card.querySelectorAll(".group-body > details")) {
      inner.draw();
      inner.open = true;
    }
    card.open = true;
    left -= rows;
    printed += rows;
  }
  const note = byId("print-note");
  note.replaceChildren(both(fill(word.print_filter, filterText() || word.all[language()])));
  if (printed < shownRows.length) note.append(" ", both(fill(word.printed_part, printed, shownRows.length)));
}

function closeAfterPrint() {
  if (!beforePrint) return;
  const keep = new Set(beforePrint);
  for (const card of byId("finding-groups").querySelectorAll(":scope > details")) card.open = keep.has(card);
  beforePrint = null;
}
