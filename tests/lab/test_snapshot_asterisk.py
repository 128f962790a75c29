"""The resolved files against the running daemon's own answer, object by object, on real Asterisks of the lab."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

import pytest

Snapshot = dict[str, Any]
Values = dict[str, Any]

TRUE = {"yes", "true", "on", "1", "y", "t"}
FALSE = {"no", "false", "off", "0", "n", "f"}

#: Keys the daemon shows as something that is not the text of the file.
NOT_COMPARABLE = {
    "pjsip.endpoint": {"acl", "contact_acl", "deny", "permit", "disallow", "type", "media_address"},
    "pjsip.identify": {"match"} - {"match"},
    "pjsip.aor": set(),
}


def objects(snapshot: Snapshot, origin: str, kind: str) -> dict[str, Values]:
    return {o["name"]: o["values"] for o in snapshot["objects"] if o["from"] == origin and o["kind"] == kind}


def plain(text: Any) -> str:
    """Booleans, numbers and networks in one spelling."""
    if not isinstance(text, str):
        return str(text)
    low = text.strip().lower()
    if low in TRUE:
        return "yes"
    if low in FALSE:
        return "no"
    if re.fullmatch(r"-?\d+(\.\d+)?", low):
        return str(float(low))
    if "/" in low:
        try:
            return str(ipaddress.ip_network(low, strict=False))
        except ValueError:
            pass
    try:
        return str(ipaddress.ip_network(low))
    except ValueError:
        return low


def codecs(values: Values) -> list[str]:
    """What allow and disallow lines come to, in their order."""
    entries = values.get("_order")
    if entries:
        pairs = [(*entry[0].split("=", 1), tuple(entry[1:])) for entry in entries]
    else:
        pairs = [(key, text, (file, line)) for key in ("allow", "disallow") for text, file, line in values.get(key, [])]
        pairs.sort(key=lambda pair: pair[2])
    chosen: list[str] = []
    for key, text, _at in pairs:
        if key not in ("allow", "disallow"):
            continue
        for name in str(text).lower().split(","):
            name = name.strip()
            remove = key == "disallow" or name.startswith("!")
            name = name.lstrip("!").partition(":")[0]
            if name == "all":
                chosen = [] if remove else ["all"]
            elif remove:
                chosen = [one for one in chosen if one != name]
            elif name not in chosen:
                chosen.append(name)
    return chosen


def differences(snapshot: Snapshot) -> Iterator[str]:
    """Every place where the files, as resolved, and the daemon disagree."""
    yield from differences_pjsip(snapshot)
    for kind in ("rtp.general", "manager.general", "http.general", "ari.general", "cdr.general", "cel.general"):
        yield from compare(snapshot, kind, names=False)
    for kind in ("manager.user", "ari.user", "logger.channel", "voicemail.mailbox", "acl.acl", "features.featuremap"):
        yield from compare(snapshot, kind)
    yield from compare(snapshot, "asterisk.options", names=False)
    yield from differences_dialplan(snapshot)


def differences_pjsip(snapshot: Snapshot) -> Iterator[str]:
    for kind in ("endpoint", "aor", "transport", "identify", "registration"):
        yield from compare(snapshot, "pjsip." + kind)
    for kind in ("global", "system"):
        config = list(objects(snapshot, "config", "pjsip." + kind).values())
        runtime = list(objects(snapshot, "runtime", "pjsip." + kind).values())
        if config and runtime:
            yield from compare_values("pjsip." + kind, kind, config[0], runtime[0])


def compare(snapshot: Snapshot, kind: str, names: bool = True) -> Iterator[str]:
    config, runtime = objects(snapshot, "config", kind), objects(snapshot, "runtime", kind)
    if names:
        for name in sorted(set(config) - set(runtime)):
            yield f"{kind} {name}: only in the files"
        for name in sorted(set(runtime) - set(config)):
            yield f"{kind} {name}: only in the daemon"
    for name in sorted(set(config) & set(runtime)):
        yield from compare_values(kind, name, config[name], runtime[name])


def compare_values(kind: str, name: str, config: Values, runtime: Values) -> Iterator[str]:
    for key, occurrences in config.items():
        if key.startswith("_") or key not in runtime or key in NOT_COMPARABLE.get(kind, set()):
            continue
        if key == "allow":
            wanted, found = codecs(config), runtime[key]
        elif isinstance(runtime[key], list):
            wanted = sorted({plain(text.split("(")[0] if key == "levels" else text) for text, _f, _l in occurrences})
            found = sorted(plain(text) for text in runtime[key])
            if (kind, name) == ("logger.channel", "console"):
                found = [level for level in found if level != "verbose"]  # the daemon adds it to every console
                wanted = [level for level in wanted if level != "verbose"]
        else:
            wanted, found = spelling(kind, key, occurrences[-1][0]), spelling(kind, key, runtime[key])
        if wanted != found:
            yield f"{kind} {name} {key}: files {wanted!r}, daemon {found!r}"


def spelling(kind: str, key: str, text: Any) -> str:
    text = plain(text)
    if (kind, key) == ("cel.general", "events"):
        return ",".join(sorted(part.strip() for part in text.split(",")))
    if key in ("read", "write"):
        return ",".join(sorted(part.strip() for part in text.split(",")))
    return text


def differences_dialplan(snapshot: Snapshot) -> Iterator[str]:
    config, runtime = objects(snapshot, "config", "dialplan.context"), objects(snapshot, "runtime", "dialplan.context")
    for name, values in config.items():
        if name not in runtime:
            yield f"context {name}: only in the files"
            continue
        for key in ("exten", "include", "switch", "ignorepat"):
            found = sorted(text for text in runtime[name].get(key, []) if text != "Lua")
            wanted = sorted(shown(text, found) for text, _f, _l in values.get(key, []))
            for text in sorted(set(wanted) - set(found)):
                yield f"context {name} {key}: only in the files: {text}"
            if runtime[name].get("created_by") == "pbx_config":
                for text in sorted(set(found) - set(wanted)):
                    yield f"context {name} {key}: only in the daemon: {text}"


def shown(text: str, found: list[str]) -> str:
    """The daemon leaves out the label of the first priority it lists of an extension."""
    bare = re.sub(r"^([^,]+,\d+)\([^)]*\),", r"\1,", text)
    return bare if text not in found and bare in found else text


pytestmark = pytest.mark.lab
