"""What is wanted, what is refused, and what a file becomes: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple

#: Identity of a setting: kind, object, key.
Place = Tuple[str, str, str]


class OverlayError(Exception):
    """Nothing can be written; the text is for people and never quotes the content of a file."""


@dataclass(frozen=True)
class Setting:
    """One wanted value of one object, and why: ids of controls and of measures."""

    kind: str
    object: str
    key: str
    value: str
    controls: Tuple[str, ...] = ()
    measures: Tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """What tells this setting from others."""
        return (self.kind, self.object, self.key)

    @property
    def stem(self) -> str:
        """``pjsip`` of ``pjsip.endpoint``."""
        return self.kind.partition(".")[0]

    @property
    def role(self) -> str:
        """``endpoint`` of ``pjsip.endpoint``."""
        return self.kind.partition(".")[2]

    def joined(self, other: Setting) -> Setting:
        """The setting, also for the controls and measures of another one."""
        return replace(
            self,
            controls=tuple(sorted({*self.controls, *other.controls})),
            measures=tuple(sorted({*self.measures, *other.measures})),
        )

    def without(self, controls: Sequence[str], measures: Sequence[str]) -> Optional[Setting]:
        """What stays when some controls and measures are taken back: None when nobody wants it any more."""
        rest = replace(
            self,
            controls=tuple(name for name in self.controls if name not in controls),
            measures=tuple(name for name in self.measures if name not in measures),
        )
        gone = (self.controls and not rest.controls) or (self.measures and not rest.measures)
        return None if gone else rest

    def __str__(self) -> str:
        return "{0} {1}: {2}={3}".format(self.kind, self.object, self.key, self.value)


@dataclass(frozen=True)
class Refusal:
    """A wanted setting that is not written, and why. ``statement`` is what to run elsewhere instead."""

    setting: Setting
    reason: str
    statement: str = ""

    def to_json(self) -> dict[str, str]:
        """For the module's result."""
        shown = {
            "kind": self.setting.kind,
            "object": self.setting.object,
            "key": self.setting.key,
            "value": self.setting.value,
            "reason": self.reason,
        }
        if self.statement:
            shown["statement"] = self.statement
        return shown


@dataclass(frozen=True)
class NewFile:
    """What one file becomes. ``before`` is None when there is none yet, ``after`` None when it goes.

    ``like`` is the neighbour a new file takes owner and mode from. ``ours`` tells an overlay from a user's file.
    """

    path: str
    before: Optional[bytes]
    after: Optional[bytes]
    ours: bool
    like: str
    settings: Tuple[Setting, ...] = ()


@dataclass
class Outcome:
    """New contents, in the order in which they have to be written, and what was refused."""

    files: List[NewFile] = field(default_factory=list)
    refused: List[Refusal] = field(default_factory=list)
    unchanged: List[Setting] = field(default_factory=list)


def read_settings(wanted: Iterable[Mapping[str, Any]]) -> List[Setting]:
    """Settings as a caller gives them, checked. Raises `OverlayError`."""
    found: dict[Place, Setting] = {}
    for one in wanted:
        setting = Setting(
            str(one["kind"]),
            str(one["object"]),
            str(one["key"]).lower(),
            "" if one.get("value") is None else str(one["value"]),
            tuple(sorted(str(name) for name in one.get("controls") or ())),
            tuple(sorted(str(name) for name in one.get("measures") or ())),
        )
        for text in (setting.kind, setting.object, setting.key, *setting.controls, *setting.measures):
            if not text or text != text.strip() or not text.isprintable():
                raise OverlayError("a setting holds an empty or unprintable name ({0} {1})".format(*setting.place))
        known = found.get(setting.place)
        if known is not None and known.value != setting.value:
            raise OverlayError(
                "two values are wanted for {0} {1}: {2}={3} and {4}".format(*setting.place, known.value, setting.value)
            )
        found[setting.place] = setting if known is None else known.joined(setting)
    return list(found.values())
