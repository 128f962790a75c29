// The data block as tables: one column per fact, one row per finding.

const data = JSON.parse(byId("report-data").textContent);
const texts = data.texts;
const word = data.words.page;
const controls = data.controls;
const hosts = data.hosts.map(([name, reached, verdicts], index) => ({ index, name, reached: Boolean(reached), verdicts }));
const several = hosts.length > 1;
const SEVERITIES = ["critical", "high", "medium", "low"];
const VERDICTS = data.verdicts;
const MEASURE_VERDICTS = data.measure_verdicts;
const ID_LENGTH = 12;

const finding = data.finding;
const count = finding.host.length;
finding.control = new Uint32Array(count);
finding.rank = new Uint8Array(count);
{
  let row = 0;
  data.per_control.forEach((rows, control) => {
    finding.control.fill(control, row, row + rows);
    row += rows;
  });
  for (row = 0; row < count; row += 1) finding.rank[row] = finding.verdict.charCodeAt(row) - 48;
}

/** The stable id of a finding, and its anchor (findings that share an id get a number). */
const idOf = (row) => finding.id.substr(row * ID_LENGTH, ID_LENGTH);
const anchorOf = (row) => `f-${idOf(row)}${data.twins[row] ? `-${data.twins[row]}` : ""}`;

/** The row an anchor stands for, or -1. */
function rowOfAnchor(anchor) {
  const [, id, twin] = /^f-([0-9a-f]{12})(?:-(\d+))?$/.exec(anchor) || [];
  if (!id) return -1;
  for (let at = finding.id.indexOf(id); at >= 0; at = finding.id.indexOf(id, at + 1)) {
    const row = at / ID_LENGTH;
    if (Number.isInteger(row) && String(data.twins[row] || "") === (twin || "")) return row;
  }
  return -1;
}
