"""Coverage-guided fuzzing of the readers with atheris.

``python -m tests.fuzz.target FOLDER [KIND FORMAT] [OPTION...]`` fuzzes the readers of one format, or those of all formats by way of
recognition, as ingest does. The folder keeps what reached new code; it begins with the small samples. Options are those of libFuzzer
(``-max_total_time=60``, ``-runs=1000``); limits of time and memory are set below. Half of the changes are made to the structure of JSON
documents: bytes changed at random hardly ever leave one that can be read.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
from pathlib import Path
from typing import Any

atheris: Any = importlib.import_module("atheris")  # no stubs; missing where it has no wheel
with atheris.instrument_imports(include=["compliance"]):
    from tests.evidence.helpers import changed_json
    from tests.fuzz.invariants import forms, read
    from tests.robust.samples import ALL_NAMES, sample

    forms()

LIMITS = ("-timeout=10", "-rss_limit_mb=2048", "-max_len=8192", "-print_final_stats=0", "-verbosity=1")
"""Seconds and MiB that an input may cost, and its most bytes."""


def main() -> None:
    folder, *rest = sys.argv[1:]
    options = [item for item in rest if item.startswith("-")]
    names = [" ".join(rest[: len(rest) - len(options)])] if len(rest) > len(options) else list(ALL_NAMES)
    for name in names:
        (Path(folder) / f"sample-{name.replace(' ', '-')}").write_bytes(sample(name))
    found = forms(names if len(names) == 1 else ())

    def one_input(data: bytes) -> None:
        read(data, found)

    atheris.Setup([sys.argv[0], *LIMITS, f"-artifact_prefix={folder}/", *options, folder], one_input, custom_mutator=_mutated)
    atheris.Fuzz()


def _mutated(data: bytes, most: int, seed: int) -> bytes:
    """Changes an input: the value at a place of a JSON document, where it is one, else bytes."""
    dice = random.Random(seed)
    if dice.random() < 0.5:
        try:
            return changed_json(json.loads(data), dice)[:most]
        except (ValueError, RecursionError):
            pass
    mutated: bytes = atheris.Mutate(data, most)
    return mutated


if __name__ == "__main__":
    main()
