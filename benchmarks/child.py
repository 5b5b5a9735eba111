"""The measured process: prepares untimed, then measures one call. Run by `measure.call`."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path


def _peak_mb() -> float:
    """Returns the largest resident set: the kernel's own mark where there is one, since ``ru_maxrss`` also holds the parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    run = getattr(importlib.import_module(module), name)(*json.loads(sys.argv[2]))
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    taken = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu, "peak_mb": _peak_mb()}
    print(json.dumps({**taken, "result": result() if callable(result) else result}))


if __name__ == "__main__":
    main()
