"""Is the installed version supported, and are the published flaws fixed in it?

Distributions patch old numbers, so the upstream number alone would accuse the innocent. Witnesses in this order:
the CVE ids the installed package's changelog names, the distribution's first fixed package, the upstream number
when it is at or beyond the fix (then any packaging has it), and only for builds from source the upstream number
below it. What none of them decides is not checked, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.modules import is_loaded
from grundton.assess.rules import rule
from grundton.model.debian_version import debian_at_least
from grundton.model.finding import Detail
from grundton.model.snapshot import Component, Object
from grundton.model.verdict import Verdict
from grundton.model.version import at_least

VERSION, ADVISORY = "version", "advisory"

#: Statuses of one advisory.
FIXED, OPEN, IN_TIME, UNKNOWN = "fixed", "open", "in time", "unknown"

_SEVERITIES = ("critical", "high", "medium", "low")


@rule("version_supported")
def version_supported(context: Context) -> list[Judgement]:
    """Somebody still mends the installed branch, or the installed distribution."""
    name = context.control.spec["component"]
    component = context.host.component(name)
    if component is None:
        return []
    if name == "host":
        return [_release(context, component)]
    if not component.version or not component.branch:
        return [unchecked(VERSION, f"the version of {name} is not known")]
    table = context.host.knowledge.support.get(name, {})
    dated = table.get("branches", {}).get(_major(component))
    promises = [(date.fromisoformat(dated["security_until"]), "its makers")] if dated is not None else []
    told = _packaged(context, table, component)
    if told is not None:
        promises.append((date.fromisoformat(told["security_until"]), str(told["by"])))
    if not promises:
        return [unchecked(VERSION, f"no support dates are known for {name} {component.version}")]
    until, by = max(promises)
    return [_until(context, component, until, by)]


def _major(component: Component) -> str:
    """`20` for 20.7-cert9 as well: certified releases live as long as their branch here."""
    return str(component.version).split(":", 1)[-1].split(".", 1)[0]


def _packaged(context: Context, table: Mapping[str, Any], component: Component) -> Mapping[str, Any] | None:
    """The distribution's promise for this branch, when a package of it is installed."""
    if not component.package:
        return None
    distribution, suite = _suite(context)
    promises = table.get("packages", {}).get(distribution, {}).get(suite, {})
    found = promises.get(_major(component))
    return found if isinstance(found, Mapping) else None


def _until(context: Context, component: Component, until: date, by: str) -> Judgement:
    ok = context.now.date() <= until
    detail = Detail(
        VERSION, "system", "a branch with security fixes", f"{component.version}: fixes by {by} until {until}", ok
    )
    return Judgement(Verdict.PASS if ok else Verdict.FAIL, VERSION, (component.name,), (detail,))


def _suite(context: Context) -> tuple[str, str]:
    """(distribution, code name) of the host."""
    system = next(iter(context.objects("system", "os")), None)
    host = context.host.component("host")
    distribution = (system.text("distribution") if system else "") or (host.distribution or "" if host else "")
    return distribution, (system.text("codename") if system else "") or (host.branch or "" if host else "")


def _release(context: Context, component: Component) -> Judgement:
    distribution, suite = _suite(context)
    system = next(iter(context.objects("system", "os")), None)
    label = f"{distribution or 'unknown distribution'} {component.version or ''} ({suite or 'no code name'})"
    entry = context.host.knowledge.support.get("host", {}).get(distribution, {}).get(suite)
    own_word = system.text("support_end") if system else ""
    if entry is None and not own_word:
        return unchecked(VERSION, f"no support dates are known for {label}")
    if entry is not None and "security_until" not in entry:
        return unchecked(VERSION, f"{label} was not released when this data was made: nobody promises fixes in time")
    try:
        team = date.fromisoformat((entry or {}).get("security_until", own_word))
    except ValueError:
        return unchecked(VERSION, f"the end of support of {label} cannot be read: {own_word}")
    until = date.fromisoformat((entry or {}).get("lts_until", team.isoformat()))
    ok = context.now.date() <= until
    way = "long term support" if until > team and context.now.date() > team else "security updates"
    detail = Detail(VERSION, "system", "a release with security updates", f"{label}: {way} until {until}", ok)
    return Judgement(Verdict.PASS if ok else Verdict.FAIL, VERSION, ("host",), (detail,))


@dataclass(frozen=True, slots=True)
class _Installed:
    """What is installed, and who can tell what is fixed in it."""

    name: str
    version: str
    branch: str
    package: str
    suite: str
    cves: frozenset[str] | None
    changelog: str


@rule("version_advisories")
def version_advisories(context: Context) -> list[Judgement]:
    """No published flaw is open longer than the policy allows."""
    name = context.control.spec["component"]
    component = context.host.component(name)
    advisories = context.host.knowledge.advisories.get(name, [])
    if component is None or not advisories:
        return []
    installed = _installed(context, component)
    if installed is None:
        return [unchecked(ADVISORY, f"the version of {name} is not known")]
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    witnesses: dict[str, int] = {}
    for advisory in advisories:
        state, witness = _state(context, installed, advisory)
        if state == FIXED:
            witnesses[witness] = witnesses.get(witness, 0) + 1
        else:
            groups.setdefault((state, str(advisory["severity"]), witness), []).append(advisory)
    judgements = []
    for (state, severity, witness), members in sorted(groups.items(), key=lambda group: _order(group[0])):
        ids = tuple(str(advisory["id"]) for advisory in members)
        titles = "; ".join(str(advisory["title"]) for advisory in members)
        if state == UNKNOWN:
            judgements.append(unchecked(ADVISORY, f"{witness}: {titles}", ids))
            continue
        detail = Detail(VERSION, "system", witness, installed.package or installed.version, state == IN_TIME)
        verdict = Verdict.PASS if state == IN_TIME else Verdict.FAIL
        judgements.append(Judgement(verdict, ADVISORY, ids, (detail,), f"{severity}: {titles}"))
    if witnesses:
        newest = max(str(advisory["published"]) for advisory in advisories)
        said = ", ".join(f"{count} by {witness}" for witness, count in sorted(witnesses.items()))
        detail = Detail(VERSION, "system", "no known flaw open", installed.package or installed.version, True)
        reason = f"fixed or out of reach: {said}; newest known flaw of {newest}"
        judgements.append(Judgement(Verdict.PASS, ADVISORY, (), (detail,), reason))
    return judgements


def _order(group: tuple[str, str, str]) -> tuple[int, int, str]:
    state, severity, witness = group
    rank = _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
    return (OPEN, IN_TIME, UNKNOWN).index(state), rank, witness


def _installed(context: Context, component: Component) -> _Installed | None:
    if not component.version or not component.branch:
        return None
    _, suite = _suite(context)
    packages = [
        item for item in context.objects("system", "package") if item.text("status", "installed") == "installed"
    ]
    own = next((item for item in packages if item.name == component.name), None)
    package = component.package or (own.text("version") if own else "")
    return _Installed(
        component.name,
        component.version,
        component.branch,
        package,
        suite,
        _cves(own),
        own.text("changelog") if own else "",
    )


def _cves(package: Object | None) -> frozenset[str] | None:
    if package is None or package.text("changelog", "read") != "read":
        return None
    return frozenset(cve.upper() for cve in package.texts("cves"))


def _state(context: Context, installed: _Installed, advisory: Mapping[str, Any]) -> tuple[str, str]:
    """(state, who says so); for an open flaw the second is what should be installed."""
    if unreachable := _unreachable(context, advisory):
        return FIXED, unreachable
    wanted = frozenset(advisory.get("cves", ())) or frozenset(
        word for word in (advisory["id"], *advisory.get("aliases", ())) if word.startswith("CVE-")
    )
    if installed.cves is not None and wanted and wanted <= installed.cves:
        return FIXED, "the package's changelog"
    first = advisory.get("debian", {}).get(installed.suite)
    if installed.package and first and _from_debian(installed):
        if debian_at_least(installed.package, first):
            return FIXED, "Debian's first fixed package"
        return _due(context, advisory), f"package {first} or newer"
    return _upstream(context, installed, advisory)


def _from_debian(installed: _Installed) -> bool:
    """Whether the package number is Debian's own; others count differently and may carry a higher epoch."""
    return "dfsg" in installed.package or "+deb" in installed.package


def _unreachable(context: Context, advisory: Mapping[str, Any]) -> str:
    modules = advisory.get("needs", {}).get("modules", ())
    if modules and all(is_loaded(context.snapshot, module) is False for module in modules):
        return "modules that are not loaded"
    return ""


def _upstream(context: Context, installed: _Installed, advisory: Mapping[str, Any]) -> tuple[str, str]:
    version = installed.version.split(":", 1)[-1]
    branch = _branch(version)
    if branch in advisory.get("unaffected", ()):
        return FIXED, "branches that never had it"
    introduced = advisory.get("introduced", {}).get(branch)
    if introduced and not at_least(version, introduced):
        return FIXED, "branches that never had it"
    first = advisory["fixed"].get(branch)
    if first and at_least(version, first):
        return FIXED, "the version number"
    if first is None and branch not in advisory.get("unfixed", ()):
        if _newer_than_all(branch, advisory["fixed"]):
            return FIXED, "the version number"
        return UNKNOWN, f"nothing is known about branch {branch}"
    if installed.package:
        why = "its changelog does not name it" if installed.cves is not None else "its changelog could not be read"
        return UNKNOWN, f"{installed.name} {installed.package} comes from a package, which may be patched; {why}"
    if first is None:
        return _due(context, advisory), f"a newer branch: {branch} gets no fix"
    return _due(context, advisory), f"{first} or newer"


def _branch(version: str) -> str:
    """`22`, or `20.7-cert` for a certified release."""
    main, cert, _ = version.partition("-cert")
    return f"{main}-cert" if cert else main.split(".", 1)[0]


def _newer_than_all(branch: str, fixed: Mapping[str, str]) -> bool:
    """A branch made after every fixed one has the fix from its start."""
    return branch.isdigit() and all(int(key) < int(branch) for key in fixed if key.isdigit())


def _due(context: Context, advisory: Mapping[str, Any]) -> str:
    """Open, or still within the time the policy gives to install a fix."""
    key = advisory["severity"] if advisory["severity"] in ("critical", "high") else "other"
    days = int(context.policy.lookup(f"patch_days.{key}"))
    deadline = date.fromisoformat(str(advisory["published"])) + timedelta(days=days)
    return IN_TIME if context.now.date() <= deadline else OPEN
