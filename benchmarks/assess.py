"""How long the pure assessment takes, and what it holds in memory: `python benchmarks/assess.py`.

Every size runs in a process of its own, so that the peak memory is that size's alone. Making the synthetic
snapshots is timed apart and subtracted.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SIZES = (250, 500, 1000)
ENDPOINTS = 200


def measure(count: int, endpoints: int) -> dict[str, Any]:
    """Assess `count` hosts; processor seconds (snapshot making subtracted), peak MiB, findings."""
    from benchmarks.estate import hosts
    from grundton.assess import assess
    from grundton.catalog import load
    from grundton.policy import load_policy
    from grundton.records import Records

    catalog, policy = load(), load_policy({}, host="estate")
    before = time.process_time()
    for _ in hosts(count, endpoints, policy):
        pass
    making = time.process_time() - before
    before = time.process_time()
    assessment = assess(hosts(count, endpoints, policy), catalog, Records(), datetime(2026, 11, 23, tzinfo=UTC))
    seconds = time.process_time() - before - making
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "hosts": count,
        "endpoints": endpoints,
        "controls": len(catalog.controls),
        "seconds": round(seconds, 2),
        "peak_mib": round(peak),
        "findings": len(assessment.findings),
    }


def run() -> list[dict[str, Any]]:
    """Measure every size in its own process."""
    rows = []
    for size in SIZES:
        command = [sys.executable, __file__, str(size)]
        rows.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return rows


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]), ENDPOINTS)))
    else:
        for row in run():
            print(row)
