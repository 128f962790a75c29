// Measures × hosts. Up to a page of hosts is shown cell by cell; more are shown in columns of many, to look into.

const HOSTS_ON_A_PAGE = 25;
const FEW = 6;
const map = { sort: "worst", from: -1, order: [] };

const verdictOf = (host, measure) => (host.verdicts[measure] === "-" ? -1 : Number(host.verdicts[measure]));
const WEIGHTS = { not_fulfilled: 1000, partly: 30, not_assessed: 1, fulfilled: 0, dispensable: 0 };

function sortHosts() {
  const weight = hosts.map((host) => data.measures.reduce((sum, _, measure) => sum + (WEIGHTS[MEASURE_VERDICTS[verdictOf(host, measure)]] || 0), 0));
  map.order = hosts.filter((host) => host.reached);
  if (map.sort === "worst") map.order.sort((a, b) => weight[b.index] - weight[a.index] || a.index - b.index);
}

const binSize = () => Math.ceil(map.order.length / HOSTS_ON_A_PAGE);

/** The columns: single hosts of a page, or bins of hosts when all of many are shown. */
function mapColumns() {
  if (map.from >= 0) return map.order.slice(map.from, map.from + HOSTS_ON_A_PAGE).map((host) => [host]);
  const size = binSize();
  return Array.from({ length: Math.ceil(map.order.length / size) }, (_, bin) => map.order.slice(bin * size, (bin + 1) * size));
}

function drawMap() {
  const columnsOfHosts = mapColumns();
  const binned = map.from < 0;
  const head = el("tr", {}, el("td", { class: "corner" }), ...columnsOfHosts.map((column, index) => {
    const label = binned ? `${index * binSize() + 1}–${index * binSize() + column.length}` : column[0].name;
    return el("th", { scope: "col" }, el("button", { type: "button", class: "column-name", tabindex: "-1", title: binned ? column.map((host) => host.name).slice(0, 5).join(", ") + (column.length > 5 ? " …" : "") : label, click: () => (binned ? lookInto(index) : choose("", column[0])) }, el("span", { text: label })));
  }));
  const rows = data.measures.map((measure, row) =>
    el("tr", {}, translated(el("th", { scope: "row" }, el("button", { type: "button", class: "row-name", tabindex: "-1", click: () => choose(measure.id, null) },
      el("span", { class: "mono", text: measure.id }), el("span", { class: "row-title" }, both(measure.title)))), "title", measure.title),
    ...columnsOfHosts.map((column, index) => (binned ? binCell(row, column, index) : hostCell(row, column[0])))));
  const table = translated(el("table", { class: `heat${binned ? " binned" : ""}${!binned && columnsOfHosts.length <= FEW ? " few" : ""}`, role: "grid", keydown: moveInMap }, el("thead", {}, head), el("tbody", {}, ...rows)), "aria-label", word.heat_map);
  byId("heatmap-grid").replaceChildren(table);
  table.querySelector("tbody .cell")?.setAttribute("tabindex", "0");
  drawMapTools(binned);
}

function hostCell(row, host) {
  const verdict = verdictOf(host, row);
  const name = MEASURE_VERDICTS[verdict];
  const { id } = data.measures[row];
  const button = el("button", { type: "button", class: `cell ${name ? `v-${name}` : "none"}`, tabindex: "-1", text: data.words.measure_sign[name] || "·", click: () => choose(id, host) });
  const label = data.words.measure[name] || word.no_verdict;
  translated(button, "aria-label", label.map((text) => `${id}, ${host.name}: ${text}`));
  translated(button, "title", label.map((text) => `${id} · ${host.name}: ${text}`));
  return el("td", {}, button);
}

/** A column of many hosts: its verdicts as layers, and how many do not fulfil the measure as a number. */
function binCell(row, column, index) {
  const counts = MEASURE_VERDICTS.map(() => 0);
  for (const host of column) if (verdictOf(host, row) >= 0) counts[verdictOf(host, row)] += 1;
  const nobody = counts.every((number) => !number);
  const only = counts.findIndex((number) => number === column.length);
  const mark = counts[0] ? String(counts[0]) : data.words.measure_sign[MEASURE_VERDICTS[only]] || "";
  const button = el("button", { type: "button", class: "cell layers", tabindex: "-1", click: () => lookInto(index) }, el("span", { text: mark }));
  let done = 0;
  const stops = counts.flatMap((number, verdict) => {
    if (!number) return [];
    const from = done;
    done += (number * 100) / column.length;
    return [`var(--v-${MEASURE_VERDICTS[verdict]}-bg) ${from}% ${done}%`];
  });
  button.style.background = `linear-gradient(to top, ${stops.join(", ") || "transparent 0% 100%"})`;
  const text = (languageIndex) => counts.map((number, verdict) => (number ? `${number} ${data.words.measure[MEASURE_VERDICTS[verdict]][languageIndex]}` : "")).filter(Boolean).join(", ") || word.no_verdict[languageIndex];
  const label = [0, 1].map((which) => `${data.measures[row].id}, ${index * binSize() + 1}–${index * binSize() + column.length}: ${text(which)}`);
  translated(button, "aria-label", label);
  translated(button, "title", label);
  return el("td", {}, button);
}

function lookInto(bin) {
  const start = bin * binSize();
  map.from = Math.max(0, Math.min(start, map.order.length - HOSTS_ON_A_PAGE));
  drawMap();
  byId("heatmap-grid").querySelector('.cell[tabindex="0"]')?.focus({ preventScroll: true });
}

/** A cell, row or column was chosen: show its findings, the fulfilled ones too. */
function choose(measure, host) {
  change({ measure, host: host ? host.name : "", verdict: new Set(measure && host ? [] : DEFAULT_VERDICTS) }, { reset: true });
  goTo(byId("findings"));
}

function moveInMap(event) {
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0], Home: [0, -1e6], End: [0, 1e6] };
  const step = steps[event.key];
  const cell = event.target.closest(".cell");
  if (!step || !cell) return;
  event.preventDefault();
  const grid = [...event.currentTarget.tBodies[0].rows].map((row) => [...row.querySelectorAll(".cell")]);
  const row = grid.findIndex((cells) => cells.includes(cell));
  const column = grid[row].indexOf(cell);
  const within = (value, size) => Math.max(0, Math.min(size - 1, value));
  const next = grid[within(row + step[0], grid.length)][within(column + step[1], grid[row].length)];
  cell.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}

function drawMapTools(binned) {
  const total = map.order.length;
  const tools = [];
  if (total > HOSTS_ON_A_PAGE) {
    const turn = (to) => () => {
      map.from = to;
      drawMap();
    };
    const button = (pair, to, { off = false, pressed, id } = {}) => el("button", { type: "button", class: "plain", id, disabled: off, "aria-pressed": pressed, click: turn(to) }, both(pair));
    tools.push(button(word.overview, -1, { pressed: String(binned), id: "heatmap-overview" }));
    tools.push(button(word.previous, Math.max(0, map.from - HOSTS_ON_A_PAGE), { off: map.from <= 0 }));
    tools.push(button(word.next, binned ? 0 : map.from + HOSTS_ON_A_PAGE, { off: !binned && map.from + HOSTS_ON_A_PAGE >= total, id: "heatmap-next" }));
  }
  if (total > 1) {
    const sort = choice([["worst", word.sort_worst], ["name", word.sort_name]], (event) => {
      map.sort = event.target.value;
      sortHosts();
      drawMap();
    });
    sort.value = map.sort;
    tools.push(el("label", { class: "inline" }, both(word.sort), " ", sort));
  }
  const hint = binned ? fill(word.bins_of, total, binSize()) : total > HOSTS_ON_A_PAGE ? fill(word.page_of, map.from + 1, Math.min(map.from + HOSTS_ON_A_PAGE, total), total) : word.cell_hint;
  tools.push(el("span", { class: "quiet", id: "heatmap-hint" }, both(hint)));
  byId("heatmap-tools").replaceChildren(...tools);
}

function startMap() {
  sortHosts();
  map.from = map.order.length > HOSTS_ON_A_PAGE ? -1 : 0;
  byId("heatmap").classList.toggle("single", !several);
  if (map.order.length) drawMap();
  else byId("heatmap").hidden = true;
}
