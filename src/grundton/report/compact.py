"""The document as the page's script wants it: every repeated text once, findings as columns of numbers.

A thousand hosts repeat the same few hundred texts a hundred thousand times. Written out, that is a page of fifty
megabytes; with an index per text it is a tenth of it. Texts are made visible (`text.visible`) on the way in.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from grundton.model.measure import Text
from grundton.model.verdict import WORST_FIRST
from grundton.report import words
from grundton.report.summary import Raw
from grundton.report.text import Run, listed, natural_key, runs, visible

#: One letter per verdict, in the order of the words; shared with the script through the payload.
FINDING_VERDICTS = tuple(verdict.value for verdict in WORST_FIRST)
MEASURE_VERDICTS = tuple(words.MEASURE_VERDICTS)


class _Pool:
    """Gives every different value a number; `values` are what was pooled, in order of number."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._index: dict[Hashable, int] = {}

    def add(self, key: Hashable, value: Any = None) -> int:
        """Return the number of `key`, which stands for `value` (or for itself)."""
        number = self._index.get(key)
        if number is None:
            number = self._index[key] = len(self.values)
            self.values.append(key if value is None else value)
        return number

    def get(self, key: Hashable) -> int | None:
        """Return the number of a key that is known, or None."""
        return self._index.get(key)


class _Texts(_Pool):
    """A pool of texts, made visible as they come in; number 0 is the empty text."""

    def __init__(self) -> None:
        super().__init__()
        self.add("", "")
        self.values[0] = ""

    def text(self, text: str) -> int:
        """Return the number of a text."""
        known = self.get(text)
        return self.add(text, visible(text)) if known is None else known


def payload(document: Raw) -> dict[str, Any]:
    """Return the data of the page's script."""
    texts = document["catalog"]
    order = sorted(document["measures"], key=natural_key)
    pool = _Texts()
    hosts = sorted(document["hosts"], key=natural_key)
    controls = sorted(texts["controls"])
    measure_number = {key: number for number, key in enumerate(order)}
    return {
        "measures": [
            {
                "id": key,
                "title": _pair(texts["measures"][key]["title"]),
                "verdict": document["measures"][key]["verdict"],
            }
            for key in order
        ],
        "controls": [
            {
                "id": visible(key),
                "title": _pair(texts["controls"][key]["title"]),
                "component": visible(texts["controls"][key]["component"]),
                "severity": texts["controls"][key]["severity"],
                "level": texts["controls"][key]["level"],
                "measures": [
                    measure_number[measure]
                    for measure in texts["controls"][key]["measures"]
                    if measure in measure_number
                ],
                "demands": texts["controls"][key]["demands"],
                "why": visible(texts["controls"][key]["why"]),
                "remedy": visible(texts["controls"][key]["remedy"]),
                "sources": [
                    visible(item) for item in (*texts["controls"][key]["sources"], *texts["controls"][key]["refs"])
                ],
                "impact": texts["controls"][key]["impact"],
            }
            for key in controls
        ],
        "hosts": [_host(name, document["hosts"][name], order) for name in hosts],
        **_findings(
            document, pool, {key: n for n, key in enumerate(controls)}, {key: n for n, key in enumerate(hosts)}
        ),
        "texts": pool.values,
        "verdicts": FINDING_VERDICTS,
        "measure_verdicts": MEASURE_VERDICTS,
        "words": _words(),
    }


def _pair(text: Mapping[str, str]) -> list[str]:
    return [visible(text["en"]), visible(text["de"])]


def _host(name: str, raw: Raw, order: list[str]) -> list[Any]:
    """Name, reached, and the verdict of each measure as one digit (`-` where there is none)."""
    verdicts = "".join(
        str(MEASURE_VERDICTS.index(raw["measures"][key])) if key in raw["measures"] else "-" for key in order
    )
    return [visible(name), int(raw["reached"]), verdicts]


def _findings(
    document: Raw, pool: _Texts, control_number: Mapping[str, int], host_number: Mapping[str, int]
) -> dict[str, Any]:
    objects, details = _Pool(), _Pool()
    rows = sorted(document["findings"], key=lambda finding: control_number[finding["control"]])
    per_control = [0] * len(control_number)
    columns: dict[str, list[int]] = {"host": [], "kind": [], "objects": [], "details": [], "note": []}
    verdicts, ids = [], []
    seen: dict[str, int] = {}
    twins: dict[int, int] = {}
    for row, finding in enumerate(rows):
        per_control[control_number[finding["control"]]] += 1
        columns["host"].append(host_number[finding["host"]])
        columns["kind"].append(pool.text(finding["kind"]))
        columns["objects"].append(_objects(finding["objects"], objects))
        columns["details"].append(_details(finding["details"], details, pool))
        columns["note"].append(pool.text(_note(finding)))
        verdicts.append(str(FINDING_VERDICTS.index(finding["verdict"])))
        ids.append(finding["id"])
        # Findings that differ only in the place they were read share an id; the page tells them apart by a number.
        if count := seen.get(finding["id"], 0):
            twins[row] = count + 1
        seen[finding["id"]] = count + 1
    return {
        "per_control": per_control,
        "finding": {**columns, "verdict": "".join(verdicts), "id": "".join(ids)},
        "twins": twins,
        "objects": objects.values,
        "details": details.values,
    }


def _note(finding: Raw) -> str:
    return " ".join(part for part in (finding.get("waiver", ""), finding.get("reason", "")) if part)


def _objects(names: list[str], pool: _Pool) -> int:
    """Number of `[text, runs…]`; a run is `[head, first, last, tail]`, so that the script can search inside it."""
    key = tuple(names)
    known = pool.get(key)
    if known is not None:
        return known
    folded = [[visible(part) for part in item] if isinstance(item, Run) else visible(item) for item in runs(names)]
    return pool.add(key, [len(set(names)), listed(key), [item for item in folded if not isinstance(item, str)]])


def _details(raw: list[Raw], pool: _Pool, texts: _Texts) -> int:
    rows = tuple(
        (
            texts.text(detail["key"]),
            texts.text(detail["place"]),
            texts.text(detail["expected"]),
            texts.text(detail["actual"]),
            -1 if detail["ok"] is None else int(detail["ok"]),
            texts.text(detail.get("location", "")),
            int(detail.get("default", False)),
        )
        for detail in raw
    )
    return pool.add(rows, [list(row) for row in rows])


def _words() -> dict[str, Any]:
    def table(source: Mapping[str, Text]) -> dict[str, list[str]]:
        return {key: [text.en, text.de] for key, text in source.items()}

    return {
        "verdict": table(words.VERDICTS),
        "measure": table(words.MEASURE_VERDICTS),
        "severity": table(words.SEVERITIES),
        "level": table(words.LEVELS),
        "place": table(words.PLACES),
        "impact": table(words.IMPACTS),
        "page": table(words.PAGE),
        "verdict_sign": words.VERDICT_SIGNS,
        "measure_sign": words.MEASURE_SIGNS,
    }
