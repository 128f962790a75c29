"""The words of the reports, in both languages: verdicts, severities, headings, labels."""

from __future__ import annotations

from grundton.model.measure import Text

LANGUAGES = ("en", "de")

#: Verdict of a measure → word, and a sign so that colour never has to carry the meaning alone.
MEASURE_VERDICTS = {
    "not_fulfilled": Text("not fulfilled", "nicht erfüllt"),
    "partly": Text("partly", "teilweise"),
    "not_assessed": Text("not assessed", "nicht bewertet"),
    "fulfilled": Text("fulfilled", "erfüllt"),
    "dispensable": Text("dispensable", "entbehrlich"),
}
MEASURE_SIGNS = {
    "not_fulfilled": "✕",
    "partly": "◐",
    "not_assessed": "?",
    "fulfilled": "✓",
    "dispensable": "–",
}

#: Verdicts of findings, controls and demands, worst first.
VERDICTS = {
    "fail": Text("fail", "verletzt"),
    "error": Text("error", "Fehler"),
    "not_checked": Text("not checked", "nicht prüfbar"),
    "attestation_expired": Text("attestation expired", "Bestätigung abgelaufen"),
    "attestation_missing": Text("attestation missing", "Bestätigung fehlt"),
    "decision_missing": Text("decision missing", "Entscheidung fehlt"),
    "not_assessed": Text("not assessed", "nicht bewertet"),
    "waived": Text("waived", "Ausnahme"),
    "pass": Text("pass", "erfüllt"),
    "decided": Text("decided", "entschieden"),
    "attested": Text("attested", "bestätigt"),
    "not_applicable": Text("not applicable", "nicht anwendbar"),
}
VERDICT_SIGNS = {
    "fail": "✕",
    "error": "!",
    "not_checked": "?",
    "attestation_expired": "?",
    "attestation_missing": "?",
    "decision_missing": "?",
    "not_assessed": "?",
    "waived": "~",
    "pass": "✓",
    "decided": "✓",
    "attested": "✓",
    "not_applicable": "–",
}

#: Which demand verdicts a reader may count as done, as violated, or as still open.
DEMANDS_DONE = frozenset({"pass", "decided", "attested", "waived"})
DEMANDS_FAILING = frozenset({"fail"})
DEMANDS_OPEN = frozenset(
    {
        "error",
        "not_checked",
        "not_assessed",
        "decision_missing",
        "attestation_missing",
        "attestation_expired",
    }
)

#: Severities, worst first.
SEVERITIES = {
    "critical": Text("critical", "kritisch"),
    "high": Text("high", "hoch"),
    "medium": Text("medium", "mittel"),
    "low": Text("low", "niedrig"),
}

LEVELS = {
    "basic": Text("basic", "Basis"),
    "standard": Text("standard", "Standard"),
    "elevated": Text("elevated", "erhöht"),
}

PLACES = {
    "config": Text("files", "Dateien"),
    "runtime": Text("running daemon", "laufender Dienst"),
    "system": Text("system", "System"),
}

#: What a change costs the calls that are up (docs: apply classes).
IMPACTS = {
    "R0": Text("no service is touched", "kein Dienst wird berührt"),
    "R1": Text("reload; calls and registrations stay", "Neuladen; Gespräche und Registrierungen bleiben"),
    "R2": Text(
        "reload; new requests may fail for a moment",
        "Neuladen; neue Anfragen können kurz scheitern",
    ),
    "R3": Text(
        "graceful restart: new calls wait until the old ones end",
        "geordneter Neustart: neue Gespräche warten auf das Ende der alten",
    ),
    "R4": Text("restart: calls drop, maintenance window", "Neustart: Gespräche brechen ab, Wartungsfenster"),
    "RP": Text("needs a decision by the operator first", "braucht zuerst eine Entscheidung des Betreibers"),
}

FORCES = {
    "MUST": Text("MUST", "MUSS"),
    "SHOULD": Text("SHOULD", "SOLLTE"),
}


def word(table: dict[str, Text], key: str, language: str) -> str:
    """Return the word for a key in a language; a key nobody has a word for is shown as it is."""
    text = table.get(key)
    return text.in_language(language) if text is not None else key


def number_word(count: int, one: Text, many: Text, language: str) -> str:
    """Return `1 host` or `3 hosts`."""
    return f"{count} {(one if count == 1 else many).in_language(language)}"


HOST = (Text("host", "Host"), Text("hosts", "Hosts"))
CONTROL = (Text("control", "Prüfpunkt"), Text("controls", "Prüfpunkte"))
OBJECT = (Text("object", "Objekt"), Text("objects", "Objekte"))
FINDING = (Text("finding", "Befund"), Text("findings", "Befunde"))
