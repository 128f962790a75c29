"""How long reading a pjsip.conf with 20,000 endpoints takes: `python benchmarks/parse.py`."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from grundton.collection import ensure_importable

ENDPOINTS = 20_000


def configuration(endpoints: int) -> str:
    """Endpoints from two templates, each with an auth and an aor of its own."""
    lines = [
        "[phone](!)\ntype=endpoint\ncontext=internal\ndisallow=all\nallow=alaw,ulaw\ndirect_media=no",
        "[safe](!)\nmedia_encryption=sdes",
        "[login](!)\ntype=auth\nauth_type=userpass",
        "[place](!)\ntype=aor\nmax_contacts=1",
    ]
    for number in range(endpoints):
        name = f"phone{number:05d}"
        lines.append(f"[{name}](phone,safe)\nauth={name}\naors={name}\ncallerid=Phone {number} <{number}>")
        lines.append(f"[{name}](login)\nusername={name}\npassword=x{number * 7919 % 10**12:012d}Q-y{number:05d}")
        lines.append(f"[{name}](place)")
    return "\n\n".join(lines) + "\n"


def measure(endpoints: int = ENDPOINTS) -> dict[str, Any]:
    """Write the file and take an offline snapshot of the tree's Asterisk files."""
    ensure_importable()
    from ansible_collections.grundton.voip.plugins.module_utils.asterisk import collect
    from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
    from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline

    with tempfile.TemporaryDirectory() as root:
        path = Path(root, "etc/asterisk/pjsip.conf")
        path.parent.mkdir(parents=True)
        path.write_text(configuration(endpoints), encoding="utf-8")
        before = time.perf_counter()
        parts = list(collect.collect_files(root, False, Deadline.after(60.0), Redactor(b"benchmark")))
        seconds = time.perf_counter() - before
    objects = sum(item.kind.startswith("pjsip.") for part in parts for item in part.objects)
    if objects < 3 * endpoints:
        raise SystemExit(f"only {objects} objects were read")
    return {"endpoints": endpoints, "objects": objects, "seconds": round(seconds, 2)}


if __name__ == "__main__":
    for _ in range(3):
        print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ENDPOINTS)))
