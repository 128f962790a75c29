"""What the rules about SIP share: objects of files and daemon, known values, access lists. No rules in here."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from netaddr import IPNetwork

from grundton.assess.columns import Columns, alike, by_place, columns
from grundton.assess.context import Context
from grundton.assess.judgement import Grouping, Judgement, unchecked
from grundton.assess.values import is_false, items, network_of, show
from grundton.model.finding import Detail
from grundton.model.snapshot import Datum, Object
from grundton.model.verdict import Verdict

_UNREAD = ("not_checked", "error")


@dataclass(frozen=True, slots=True)
class Known:
    """The values of a key as far as they are known; `data` None means nobody knows, `reason` says why."""

    data: tuple[Datum, ...] | None
    is_default: bool = False
    reason: str = ""

    @property
    def text(self) -> str:
        """The value that counts, as text; empty when there is none or it is a secret."""
        last = self.data[-1] if self.data else None
        return last if isinstance(last, str) else ""

    @property
    def words(self) -> list[str]:
        """Every item of a list value, in lower case."""
        return [item.lower() for item in items(list(self.data or ()))]

    def shown(self) -> str:
        """The value for a person."""
        if self.data is None:
            return "not known"
        if not self.data:
            return "not set"
        text = ", ".join(show(value) for value in self.data)
        return f"{text} (default)" if self.is_default else text


def known(context: Context, item: Object, key: str) -> Known:
    """Return what `key` of an object is: what is written, else the code default where that is certain."""
    values = item.values(key)
    if values:
        return Known(tuple(values))
    if item.place == "runtime":
        return Known(None, reason=f"the running daemon does not report {key}")
    incomplete = context.source(item.place, item.kind).incomplete
    if incomplete:
        return Known(None, reason=f"{key} is not set in what could be read, but: {'; '.join(incomplete)}")
    default = context.default(item.kind, key)
    if default is None:
        return Known(None, reason=f"{key} is not set and its default is not known")
    return Known((default.value,) if default.value is not None else (), is_default=True)


def blocked(context: Context, *kinds: str) -> list[Judgement]:
    """One `not_checked` judgement when objects of a kind may exist but none could be read."""
    for kind in kinds:
        source = context.source("config", kind)
        if everywhere(context, kind):
            continue
        if source.status in _UNREAD:
            return [unchecked(kind, source.reason)]
        if source.incomplete:
            return [unchecked(kind, f"none in what could be read, but: {'; '.join(source.incomplete)}")]
    return []


def everywhere(context: Context, kind: str) -> list[Object]:
    """Objects of the files, and those only the running daemon has (realtime, leftovers). Worked out once per host."""
    return context.host.once(f"everywhere:{kind}", lambda: _everywhere(context, kind))


def _everywhere(context: Context, kind: str) -> list[Object]:
    configured = context.objects("config", kind)
    names = {item.name for item in configured}
    return [*configured, *(item for item in context.objects("runtime", kind) if item.name not in names)]


def side_by_side(context: Context, kind: str) -> Columns:
    """The objects of `everywhere` as columns. Worked out once per host."""
    return context.host.once(f"columns:{kind}", lambda: _side_by_side(context, kind))


def _side_by_side(context: Context, kind: str) -> Columns:
    rows, configured = everywhere(context, kind), columns(context, "config", kind)
    return configured if len(rows) == len(configured.objects) else Columns(rows)


def doubts(context: Context, kind: str) -> str:
    """What keeps the files of a kind from being the whole truth; empty when they are."""
    return "; ".join(context.source("config", kind).incomplete)


def line(item: Object, key: str | None = None) -> str:
    """Where a key, or the object, stands; empty for objects that are not from files."""
    location = item.location(key) or item.location()
    return str(location) if location else ""


class Verdicts:
    """Collects what is said about each object; an object gets one verdict, equal ones are merged."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.failed = False
        self._said: dict[str, list[tuple[Detail, str]]] = {}
        self._first_place: dict[tuple[str, str, str, str], str] = {}
        self._members: dict[str, list[Object]] = {}

    def each(
        self,
        context: Context,
        *keys: str,
        whether: tuple[str, ...] = (),
        by: Callable[[Object], Hashable] | None = None,
    ) -> Iterator[Object]:
        """Objects of the kind; of those alike in `keys` (and `by`), role and zone one that stands for all.

        Of the keys of `whether` only counts whether they say anything. 200 phones of one template then cost
        as much as one.
        """
        side = side_by_side(context, self.kind)
        cells = [side.origin(), *map(side.values, keys), *map(side.filled, whether)]
        rows = everywhere(context, self.kind)
        if by is not None:
            cells.append([by(item) for item in rows])
        yield from self.one_of_each(rows, *cells)

    def one_of_each(self, rows: Iterable[Object], *cells: Sequence[Hashable]) -> Iterator[Object]:
        """Of the objects that are equal in every column of `cells` the first, which stands for all."""
        for members in alike(rows, *cells):
            self._members[members[0].name] = members
            yield members[0]

    def good(self, item: Object, key: str, expected: str, actual: str, is_default: bool = False) -> None:
        """The object is as wanted."""
        self._say(item, Detail(key, item.place, expected, actual, True, "", is_default))

    def bad(self, item: Object, key: str, expected: str, actual: str, is_default: bool = False) -> None:
        """The object is not as wanted."""
        self.failed = True
        where = line(item, key)
        if item.place == "config" and not item.raw_values.get(key):
            # What is missing has no place of its own: 200 phones without a line are one finding, not 200.
            where = self._first_place.setdefault((key, expected, actual, item.place), where)
        self._say(item, Detail(key, item.place, expected, actual, False, where, is_default))

    def unsure(self, item: Object, key: str, expected: str, reason: str) -> None:
        """The object could not be judged."""
        self._say(item, Detail(key, item.place, expected, "not known", None), reason)

    def judge(self, item: Object, key: str, expected: str, value: Known, ok: bool, actual: str | None = None) -> None:
        """Good or bad by `ok`, unsure when the value is not known."""
        if value.data is None:
            self.unsure(item, key, expected, value.reason)
        elif ok:
            self.good(item, key, expected, actual or value.shown(), value.is_default)
        else:
            self.bad(item, key, expected, actual or value.shown(), value.is_default)

    def _say(self, item: Object, detail: Detail, reason: str = "") -> None:
        self._said.setdefault(item.name, []).append((detail, reason))

    def done(self) -> list[Judgement]:
        """The judgements: of an object that fails only what is wrong, else what is not known, else everything."""
        grouping = Grouping(self.kind)
        for name, said in self._said.items():
            wrong = tuple(detail for detail, _ in said if detail.ok is False)
            unknown = next((reason for detail, reason in said if detail.ok is None), None)
            details = tuple(detail for detail, _ in said)
            members = self._members.get(name, [])
            names = [item.name for item in members] or [name]
            if wrong and len(members) > 1:
                for placed, at_place in by_place(wrong, members):
                    grouping.add_all(at_place, Verdict.FAIL, placed)
            elif wrong:
                grouping.add(name, Verdict.FAIL, wrong)
            elif unknown is not None:
                grouping.add_all(names, Verdict.NOT_CHECKED, details, unknown)
            else:
                grouping.add_all(names, Verdict.PASS, details)
        return grouping.judgements()


def refused(
    kind: str, key: str, expected: str, actual: str, names: Iterable[str] = (), place: str = "config", at: str = ""
) -> Judgement:
    """One failing judgement that is not about a single object."""
    return Judgement(Verdict.FAIL, kind, tuple(names), (Detail(key, place, expected, actual, False, at),))


def accepted(kind: str, key: str, expected: str, actual: str, names: Iterable[str] = ()) -> Judgement:
    """One passing judgement that is not about a single object."""
    return Judgement(Verdict.PASS, kind, tuple(names), (Detail(key, "config", expected, actual, True),))


# access lists


def in_order(item: Object, keys: tuple[str, ...]) -> list[tuple[str, str]]:
    """Entries of keys that act together (`deny`/`permit`, `allow`/`disallow`), in the order Asterisk applies them."""
    order = item.texts("_order")
    if order:
        entries = [entry.split("=", 1) for entry in order]
        return [(pair[0], pair[1]) for pair in entries if len(pair) == 2 and pair[0] in keys]
    if item.place != "config":
        return [(key, text) for key in keys for text in item.texts(key)]
    found = [
        (entry[1], entry[2], key, entry[0])
        for key in keys
        for entry in item.raw_values.get(key, ())
        if isinstance(entry[0], str)
    ]
    return [(key, text) for _, _, key, text in sorted(found)]


def closed_families(entries: Iterable[tuple[str, str]]) -> set[int]:
    """IP versions for which an access list ends closed: everything denied, and not everything permitted again."""
    closed: set[int] = set()
    for key, text in entries:
        for part in text.split(","):
            word = part.strip()
            negated = word.startswith("!")
            network = network_of(word.lstrip("!"))
            if network is None or network.prefixlen:
                continue
            if key.endswith("deny") is not negated:
                closed.add(network.version)
            else:
                closed.discard(network.version)
    return closed


@dataclass(frozen=True, slots=True)
class AccessList:
    """What an object's own and named access lists come to."""

    closed: frozenset[int]
    present: bool
    missing: tuple[str, ...] = ()


def access_list(
    context: Context, item: Object, deny: str = "deny", permit: str = "permit", name: str = "acl"
) -> AccessList:
    """Work out `deny`/`permit` and the named lists of `acl=`; any of them that denies is enough."""
    own = in_order(item, (deny, permit))
    closed = set(closed_families(own))
    missing = []
    for acl in items(item.values(name)):
        named = context.snapshot.find("config", "acl.acl", acl)
        if named is None:
            missing.append(acl)
        else:
            closed |= closed_families(in_order(named, ("deny", "permit")))
    return AccessList(frozenset(closed), bool(own or item.values(name)), tuple(missing))


# PJSIP in particular


def transport_protocol(context: Context, transport: Object) -> str:
    """Protocol of a transport in lower case; `udp` when nothing is written."""
    return known(context, transport, "protocol").text.lower() or "udp"


def is_wildcard(address: str) -> bool:
    """Tell whether a bind address means every address of the host."""
    text = address.strip()
    network = network_of(text)
    if text in ("", "*") or text.lstrip(":").isdigit():
        return True
    return network is not None and network.first == 0 and network.first == network.last


def is_local(address: str) -> bool:
    """Tell whether a bind address is a loopback address."""
    network = network_of(address)
    return network is not None and network.first == network.last and bool(network.ip.is_loopback())


def aors_of(endpoint: Object) -> list[str]:
    """Names of the AORs of an endpoint."""
    return items(endpoint.values("aors"))


def accepts_registrations(context: Context, endpoint: Object) -> bool:
    """Tell whether devices may register for an endpoint (an AOR of it has room for a contact)."""
    for name in aors_of(endpoint):
        aor = context.snapshot.find("config", "pjsip.aor", name) or context.snapshot.find("runtime", "pjsip.aor", name)
        if aor is not None:
            text = known(context, aor, "max_contacts").text
            if text.isdigit() and int(text) > 0:
                return True
    return False


def networks_in(texts: Iterable[str]) -> tuple[list[IPNetwork], list[str]]:
    """Split the items of `match=` into networks and host names."""
    networks, names = [], []
    for word in items(list(texts)):
        network = network_of(word.lstrip("!"))
        if network is None:
            names.append(word)
        else:
            networks.append(network)
    return networks, names


def is_no(text: str) -> bool:
    """Tell whether a word means no, or nothing is written."""
    return not text or is_false(text)
