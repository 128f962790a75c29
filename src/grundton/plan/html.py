"""The plan as one HTML file that needs nothing but itself. Everything from a host is escaped by the template."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from grundton.plan.terminal import summary
from grundton.plan.view import REASONS, by_measure, counted, held_by_reason, in_one_line
from grundton.report.text import listed, visible

_NAMES = 12


def render_html(document: Mapping[str, Any]) -> str:
    """Return the page."""
    style = _style()
    hosts = [
        {
            "name": name,
            "line": in_one_line(host),
            "data": host,
            "measures": by_measure(host, document["selection"]["measures"]),
            "held": held_by_reason(host),
        }
        for name, host in document["hosts"].items()
    ]
    return _template().render(
        style=Markup(style),  # noqa: S704 (our own file)
        style_hash=base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii"),
        document=document,
        hosts=hosts,
        summary=summary(document),
        reasons=REASONS,
    )


def _asset(package: str, name: str) -> str:
    return (resources.files(package) / "assets" / name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    return _asset("grundton.report", "report.css") + _asset("grundton.plan", "plan.css")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(visible=visible, listed=lambda names: listed(names, _NAMES))
    environment.globals.update(counted=counted)
    return environment.from_string(_asset("grundton.plan", "plan.html.j2"))
