"""Inputs of the benchmarks, made anew in each run, the same every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_RULES = 97
_CONFIG = '[project]\nname = "benchmark"\nversion = "1"\ncommit = "{commit}"\n'
_COMMIT = "b" * 40


def project(folder: Path) -> Path:
    """Makes a project, and returns its folder."""
    folder.mkdir(parents=True)
    (folder / "compliance.toml").write_text(_CONFIG.format(commit=_COMMIT))
    return folder


def sarif(path: Path, results: int) -> Path:
    """Writes a SARIF file of about 1,060 bytes per result: snippets with context, partial fingerprints, properties.

    Returns:
        Its path.
    """
    rules = [
        {"id": f"PY{n:03d}", "defaultConfiguration": {"level": "warning"}, "properties": {"security-severity": "7.5"}}
        for n in range(_RULES)
    ]
    head = {"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json"}
    tool = {"driver": {"name": "Bandit", "version": "1.7", "rules": rules}}
    with path.open("w") as file:
        file.write(json.dumps(head)[:-1] + ', "runs": [{"tool": ' + json.dumps(tool) + ', "results": [')
        for number in range(results):
            file.write((", " if number else "") + json.dumps(_result(number)))
        file.write("]}]}")
    return path


def _result(n: int) -> dict[str, Any]:
    snippet = {"text": "    subprocess.call(cmd, shell=True)  # " + "y" * (n % 200)}
    context = {"startLine": 1, "endLine": 3, "snippet": {"text": "def f():\n    subprocess.call(cmd, shell=True)\n" + "z" * 200}}
    region = {"startLine": n % 2000 + 1, "endLine": n % 2000 + 2, "startColumn": 1, "endColumn": 40, "snippet": snippet}
    place = {"uri": f"src/pkg_{n % 500}/module_{n % 3000}.py", "uriBaseId": "%SRCROOT%"}
    text = f"Possible problem number {n} detected in the code of this module; please review the call and its arguments " + "x" * (n % 50)
    return {
        "ruleId": f"PY{n % _RULES:03d}",
        "ruleIndex": n % _RULES,
        "level": ("error", "warning", "note")[n % 3],
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": place, "region": region, "contextRegion": context}}],
        "partialFingerprints": {"primaryLocationLineHash": f"{n:032x}"},
        "properties": {"issue_confidence": "HIGH", "issue_severity": "LOW"},
    }
