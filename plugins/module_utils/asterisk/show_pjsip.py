"""PJSIP objects as the running daemon shows them, in the spelling of pjsip.conf."""

from __future__ import annotations

import json
import re
from typing import Dict, List, Optional, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.secrets import redact
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.show import codecs, network, parameters
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    RUNTIME,
    Item,
    PlainValues,
    Text,
)

_NAME = {
    "endpoint": re.compile(r"^ Endpoint:  (?P<name>[^<\s]\S*?)(?:/\S.*?)?\s{2,}(?P<state>\S.*?)\s{2,}\d+ of ", re.M),
    "aor": re.compile(r"^      Aor:  (?P<name>[^<\s]\S*)\s", re.M),
    "transport": re.compile(r"^Transport:  (?P<name>[^<\s]\S*)\s+(?P<kind>\S+)\s", re.M),
    "identify": re.compile(r"^ Identify:  (?P<name>[^<\s]\S*?)/", re.M),
    "registration": re.compile(r"^ (?P<name>[^\s<=/]+)/(?P<uri>\S+)\s+\S+\s+(?P<state>\S+)", re.M),
}
_CONTACT = re.compile(
    r"^  Contact:  (?P<aor>[^<\s/]\S*?)/(?P<uri>\S.*?)\s+(?P<hash>[0-9a-f]{10})\s+(?P<status>\S+)", re.M
)
_STORED = re.compile(r"^/registrar/contact/(?P<name>\S+?)\s*: (?P<json>\{.*\})\s*$", re.M)
_FOUND = re.compile(r"^Objects found: (\d+)", re.M)

_NETWORKS = frozenset(("match", "local_net"))
_LISTS = frozenset(("match", "local_net", "contact", "set_var"))

#: Endpoint keys kept when there are too many endpoints to keep everything.
ESSENTIAL = frozenset(
    """
    acl allow allow_overlap allow_subscribe allow_transfer allow_unauthenticated_options aors auth callerid
    contact_acl context device_state_busy_at direct_media dtls_auto_generate_cert dtls_verify from_user identify_by
    media_encryption media_encryption_optimistic message_context outbound_auth redirect_method rtp_symmetric
    srtp_tag_32 subscribe_context transport trust_id_inbound trust_id_outbound webrtc
    """.split()  # noqa: SIM905
)


def names(kind: str, listing: str) -> List[str]:
    """The names in the answer to ``pjsip show <kind>s``, in its order, each once."""
    return list(dict.fromkeys(found.group("name") for found in _NAME[kind].finditer(listing)))


def count(listing: str) -> Optional[int]:
    """How many objects Asterisk says it listed."""
    found = _FOUND.search(listing)
    if found:
        return int(found.group(1))
    return 0 if "No objects found" in listing else None


def states(kind: str, listing: str) -> Dict[str, str]:
    """Name to state for endpoints (``Not in use``) and registrations (``Registered``)."""
    return {found.group("name"): found.group("state") for found in _NAME[kind].finditer(listing)}


def item(
    kind: str, name: str, answer: str, redactor: Redactor, only: Optional["frozenset[str]"] = None
) -> Optional[Item]:
    """The object in the answer to ``pjsip show <kind> <name>``; None when it holds none."""
    table = parameters(answer)
    if not table:
        return None
    return Item(RUNTIME, "pjsip." + kind, name, values(table, redactor, name, only))


def values(
    table: Dict[str, List[str]], redactor: Redactor, name: str, only: Optional["frozenset[str]"] = None
) -> PlainValues:
    """A parameter table in the spelling of the file: networks, codecs and lists as there, secrets redacted."""
    result: PlainValues = {}
    for key, texts in table.items():
        if only is not None and key not in only:
            continue
        if key == "allow":
            result[key] = list(codecs(texts[-1]))
            continue
        if key in _NETWORKS:
            texts = [network(text) for text in texts]
        kept: List[Text] = [redact(redactor, "pjsip", key, text, (name,)) if text else "" for text in texts]
        if key in _LISTS:
            result[key] = [one for one in kept if one != ""]
        else:
            result[key] = kept[-1]
    return result


def settings(answer: str, redactor: Redactor) -> Tuple[PlainValues, PlainValues]:
    """``pjsip show settings``: the global and the system values."""
    head, _mark, tail = answer.partition("System Settings:")
    return values(parameters(head), redactor, "global"), values(parameters(tail), redactor, "system")


def contacts(listing: str, stored: str, redactor: Redactor) -> List[Item]:
    """Contacts from ``pjsip show contacts`` joined with what ``database show registrar`` knows about registered ones.

    The list cuts long addresses; the database has them whole, with the user agent and the address seen.
    """
    status: Dict[str, Tuple[str, str, str]] = {}
    for found in _CONTACT.finditer(listing):
        status[found.group("hash")] = (found.group("aor"), found.group("uri"), found.group("status"))
    items: List[Item] = []
    for found in _STORED.finditer(stored):
        try:
            data = json.loads(found.group("json"))
        except ValueError:
            continue
        if not isinstance(data, dict):
            continue
        name = found.group("name")
        aor, _mark, digest = name.partition(";@")
        known = status.pop(digest[:10], None)
        uri = str(data.get("uri", "")).replace("^3B", ";")
        entry: PlainValues = {
            "aor": aor,
            "uri": redactor.text(uri),
            "transport": transport_of(uri),
            "address": "{0}:{1}".format(data.get("via_addr", ""), data.get("via_port", "")),
            "user_agent": str(data.get("user_agent", "")).replace("^3B", ";"),
            "endpoint": str(data.get("endpoint", "")),
            "expires_at": str(data.get("expiration_time", "")),
            "registered": "yes",
        }
        if known:
            entry["status"] = known[2]
        items.append(Item(RUNTIME, "pjsip.contact", name, entry))
    for digest, (aor, uri, state) in status.items():
        entry = {
            "aor": aor,
            "uri": redactor.text(uri),
            "transport": transport_of(uri),
            "status": state,
            "registered": "no",
        }
        items.append(Item(RUNTIME, "pjsip.contact", "{0}@@{1}".format(aor, digest), entry))
    return items


def transport_of(uri: str) -> str:
    """The transport a SIP URI asks for; ``udp`` when it says nothing."""
    found = re.search(r";transport=([A-Za-z]+)", uri)
    if found:
        return found.group(1).lower()
    return "tls" if uri.lower().startswith("sips:") else "udp"


def identifiers(answer: str) -> List[str]:
    """``pjsip show identifiers``: the ways Asterisk tells endpoints apart, in their order."""
    found = [line.strip() for line in answer.split("\n")]
    return [line for line in found if line and ":" not in line and line != "name not specified"]
