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

#: How strictly the sources demand it; without a word where they do not say.
FORCES = {
    "must": Text("MUST", "MUSS"),
    "should": Text("SHOULD", "SOLLTE"),
}

#: Ways a demand can be checked.
CHECKED_BY = {
    "config": Text("files", "Dateien"),
    "runtime": Text("running system", "laufendes System"),
    "probe": Text("test from a network zone", "Test aus einer Netzzone"),
    "document": Text("document", "Dokument"),
    "attestation": Text("confirmation by a person", "Bestätigung einer Person"),
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

#: Everything the page says that is not one of the words above; the script uses some of them too.
PAGE = {
    "report": Text("VoIP audit report", "VoIP-Prüfbericht"),
    "title": Text("Audit by BSI B 4.7 VoIP", "Prüfung nach BSI B 4.7 VoIP"),
    "skip": Text("Skip to the summary", "Zur Zusammenfassung springen"),
    "language": Text("Language", "Sprache"),
    "theme": Text("Appearance", "Darstellung"),
    "theme_auto": Text("Auto", "Auto"),
    "theme_light": Text("Light", "Hell"),
    "theme_dark": Text("Dark", "Dunkel"),
    "print": Text("Print", "Drucken"),
    "summary": Text("In one minute", "In einer Minute"),
    "measures": Text("Measures", "Maßnahmen"),
    "measure": Text("Measure", "Maßnahme"),
    "heat_map": Text("Measures by host", "Maßnahmen je Host"),
    "findings": Text("Findings", "Befunde"),
    "hosts": Text("Hosts", "Hosts"),
    "host": Text("Host", "Host"),
    "controls": Text("Controls", "Prüfpunkte"),
    "about": Text("About this report", "Über diesen Bericht"),
    "gate": Text("Gate", "Schwelle"),
    "risks": Text("The biggest risks", "Die größten Risiken"),
    "no_risks": Text("Nothing that was checked fails.", "Nichts Geprüftes ist verletzt."),
    "risk_on_all": Text("Not so on all hosts", "Trifft auf keinen Host zu"),
    "not_so_on": Text("Not so on", "Trifft nicht zu auf"),
    "first": Text("What to do first", "Was zuerst zu tun ist"),
    "first_hint": Text(
        "Critical and high findings whose repair keeps running calls.",
        "Kritische und hohe Befunde, deren Behebung laufende Gespräche nicht berührt.",
    ),
    "first_none": Text(
        "No critical or high finding can be repaired without touching running calls.",
        "Kein kritischer oder hoher Befund lässt sich beheben, ohne laufende Gespräche zu berühren.",
    ),
    "first_done": Text("No critical or high finding is open.", "Kein kritischer oder hoher Befund ist offen."),
    "blind": Text("What could not be checked", "Was nicht geprüft werden konnte"),
    "blind_none": Text(
        "Every control that applies could be checked.", "Jeder zutreffende Prüfpunkt konnte geprüft werden."
    ),
    "no_reason": Text("no reason given", "kein Grund genannt"),
    "unread": Text("Sources that could not be read", "Nicht lesbare Quellen"),
    "fulfilled": Text("What is fulfilled", "Was erfüllt ist"),
    "fulfilled_none": Text("No measure is fulfilled yet.", "Noch ist keine Maßnahme erfüllt."),
    "open_demands": Text("Demands that are open", "Offene Forderungen"),
    "open_demands_hint": Text(
        "Nobody can tell yet whether these are met: they need a decision, a confirmation or a check.",
        "Noch kann niemand sagen, ob sie erfüllt sind: Es fehlt eine Entscheidung, Bestätigung oder Prüfung.",
    ),
    "not_reached": Text("not reached", "nicht erreicht"),
    "offline": Text("from files only", "nur aus Dateien"),
    "live": Text("live", "im Betrieb"),
    "demands": Text("Demands", "Forderungen"),
    "demand": Text("Demand", "Forderung"),
    "done": Text("done", "erfüllt"),
    "failing": Text("failing", "verletzt"),
    "open": Text("open", "offen"),
    "verdict": Text("Verdict", "Urteil"),
    "severity": Text("Severity", "Schwere"),
    "component": Text("Component", "Komponente"),
    "components": Text("Components", "Komponenten"),
    "show_findings": Text("Show findings", "Befunde zeigen"),
    "successor": Text("Today", "Heute"),
    "checked_by": Text("checked by", "geprüft durch"),
    "no_control": Text("no control yet", "noch kein Prüfpunkt"),
    "search": Text("Search", "Suche"),
    "search_hint": Text("Setting, value, object, file …", "Einstellung, Wert, Objekt, Datei …"),
    "all": Text("all", "alle"),
    "reset": Text("Reset filters", "Filter zurücksetzen"),
    "group": Text("Group by", "Gruppieren nach"),
    "by_control": Text("control", "Prüfpunkt"),
    "by_host": Text("host", "Host"),
    "by_measure": Text("measure", "Maßnahme"),
    "expand": Text("Open all", "Alle öffnen"),
    "collapse": Text("Close all", "Alle schließen"),
    "showing": Text("Findings: {0} · controls: {1} · hosts: {2}", "Befunde: {0} · Prüfpunkte: {1} · Hosts: {2}"),
    "none_match": Text("No finding matches these filters.", "Kein Befund passt zu diesen Filtern."),
    "more_rows": Text("Show {0} more of {1}", "{0} weitere von {1} zeigen"),
    "more_groups": Text("Show {0} more groups", "{0} weitere Gruppen zeigen"),
    "printed_part": Text(
        "Only {0} of {1} findings are printed. The rest is in assessment.json.",
        "Nur {0} von {1} Befunden sind gedruckt. Der Rest steht in assessment.json.",
    ),
    "print_filter": Text("Filters in force: {0}", "Aktive Filter: {0}"),
    "why": Text("Why it matters", "Warum es zählt"),
    "remedy": Text("What to do", "Was zu tun ist"),
    "impact": Text("Cost of the change", "Folgen der Änderung"),
    "sources": Text("Sources", "Quellen"),
    "level": Text("level", "Niveau"),
    "objects": Text("Objects", "Objekte"),
    "setting": Text("Setting", "Einstellung"),
    "expected": Text("Expected", "Erwartet"),
    "found": Text("Found", "Gefunden"),
    "where": Text("Where", "Wo"),
    "default": Text("default of the installed version", "Vorgabe der installierten Version"),
    "absent": Text("(empty)", "(leer)"),
    "link": Text("Link to this finding", "Verweis auf diesen Befund"),
    "waivers": Text("Accepted exceptions", "Zugelassene Ausnahmen"),
    "waivers_none": Text("No exception covers a finding.", "Keine Ausnahme deckt einen Befund."),
    "warnings": Text("Warnings", "Warnungen"),
    "sort": Text("Order", "Reihenfolge"),
    "sort_worst": Text("worst first", "schlimmste zuerst"),
    "sort_name": Text("by name", "nach Name"),
    "overview": Text("All hosts", "Alle Hosts"),
    "previous": Text("Previous", "Vorige"),
    "next": Text("Next", "Nächste"),
    "page_of": Text("Hosts {0} to {1} of {2}", "Hosts {0} bis {1} von {2}"),
    "bins_of": Text(
        "{0} hosts in columns of {1}; the number is how many do not fulfil the measure. "
        "Choose a column to see its hosts.",
        "{0} Hosts in Spalten zu je {1}; die Zahl sagt, wie viele die Maßnahme nicht erfüllen. "
        "Eine Spalte wählen zeigt ihre Hosts.",
    ),
    "no_verdict": Text("no verdict of its own", "kein eigenes Urteil"),
    "cell_hint": Text(
        "Choose a cell to see its findings. Arrow keys move, Enter chooses.",
        "Eine Zelle wählen zeigt ihre Befunde. Pfeiltasten bewegen, Eingabe wählt.",
    ),
    "needs_script": Text(
        "Heat map, filters and single findings need JavaScript, which is off. "
        "The same findings are shown by: grundton report RUN --verbose",
        "Übersichtskarte, Filter und Einzelbefunde brauchen JavaScript, das aus ist. "
        "Dieselben Befunde zeigt: grundton report LAUF --verbose",
    ),
    "generator": Text("Made by", "Erstellt mit"),
    "catalogue": Text("Catalogue", "Katalog"),
    "run": Text("Run", "Lauf"),
    "policy": Text("Policy digest", "Policy-Prüfsumme"),
    "started": Text("Started", "Beginn"),
    "schema": Text("Data", "Daten"),
    "schema_hint": Text(
        "assessment.json beside this file holds the same data.",
        "assessment.json neben dieser Datei enthält dieselben Daten.",
    ),
    "letters": Text(
        "Measures are those of BSI IT-Grundschutz B 4.7 VoIP; titles, texts and the letters of the demands are this "
        "project's own words, not quotations.",
        "Maßnahmen nach BSI IT-Grundschutz B 4.7 VoIP; Titel, Texte und die Buchstaben der Forderungen sind eigene "
        "Worte dieses Projekts, keine Zitate.",
    ),
    "legend": Text("Signs", "Zeichen"),
    "of_hosts": Text("{0} of {1} hosts", "{0} von {1} Hosts"),
    "note": Text("Note", "Hinweis"),
}
