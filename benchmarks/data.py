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


def junit(path: Path, cases: int) -> Path:
    """Writes a JUnit file as pytest does: one case in a hundred fails, one is skipped, one in five says something."""
    with path.open("w") as file:
        file.write(f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites><testsuite name="pytest" tests="{cases}" time="9">\n')
        for number in range(cases):
            file.write(f'<testcase classname="tests.test_{number // 50}.TestIt" name="test_{number}[{number % 7}]" time="0.0{number % 90}"')
            file.write(_WITHIN.get(number % 100, _SAYS if number % 5 == 0 else "/>\n"))
        file.write("</testsuite></testsuites>\n")
    return path


_TRACE = "self = &lt;tests.TestIt object&gt;\n" + "    assert before == after\n" * 20
_WITHIN = {
    7: f'><failure message="assert 1 == 2">{_TRACE}</failure></testcase>\n',
    8: '><skipped type="pytest.skip" message="later">tests/test_a.py:9: later</skipped></testcase>\n',
}
_SAYS = "><system-out>" + "a line of a log\n" * 5 + "</system-out></testcase>\n"


def cobertura(path: Path, classes: int, lines: int) -> Path:
    """Writes a Cobertura file as coverlet does: the lines of each class twice, one in eight with branches."""
    listed = "<lines>\n" + "".join(map(_line, range(1, lines + 1))) + "</lines>"
    with path.open("w") as file:
        file.write(
            '<?xml version="1.0" encoding="utf-8"?>\n<coverage line-rate="0.67" branch-rate="0.5" version="1.9" timestamp="1663310122">\n'
        )
        file.write('<packages><package name="p" line-rate="0.67" branch-rate="0.5" complexity="1"><classes>\n')
        for number in range(classes):
            file.write(
                f'<class name="p.C{number}" filename="src/p{number % 50}/C{number}.cs" line-rate="0.67" branch-rate="0.5" complexity="3">\n'
            )
            file.write(
                f'<methods><method name="M" signature="()" line-rate="1" complexity="1">{listed}</method></methods>\n{listed}</class>\n'
            )
        file.write("</classes></package></packages></coverage>\n")
    return path


def _line(number: int) -> str:
    start = f'            <line number="{number}" hits="{number % 3}"'
    if number % 8:
        return f'{start} branch="False" />\n'
    condition = (
        '              <conditions>\n                <condition number="0" type="jump" coverage="50%" />\n              </conditions>\n'
    )
    return f'{start} branch="True" condition-coverage="50% (1/2)">\n{condition}            </line>\n'


def jacoco(path: Path, files: int, lines: int) -> Path:
    """Writes a JaCoCo file: packages of 50 source files, each with one class."""
    listed = "".join(f'<line nr="{number}" mi="{number % 3}" ci="{3 - number % 3}" mb="0" cb="0"/>' for number in range(lines))
    with path.open("w") as file:
        file.write('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>')
        file.write('<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report name="b">')
        for number in range(files // 50):
            file.write(f'<package name="org/p{number}">')
            for name in range(50):
                counters = _counters(lines // 3, lines - lines // 3)
                file.write(
                    f'<class name="org/p{number}/C{name}" sourcefilename="C{name}.java"><method name="m" desc="()V">{counters}</method>'
                )
                file.write(f'{counters}</class><sourcefile name="C{name}.java">{listed}{counters}</sourcefile>')
            file.write(_counters(50 * (lines // 3), 50 * (lines - lines // 3)) + "</package>")
        file.write(_counters(files * (lines // 3), files * (lines - lines // 3)) + "</report>")
    return path


def _counters(missed: int, covered: int) -> str:
    kinds = ("INSTRUCTION", "BRANCH", "LINE", "COMPLEXITY", "METHOD")
    return "".join(f'<counter type="{kind}" missed="{missed}" covered="{covered}"/>' for kind in kinds)
