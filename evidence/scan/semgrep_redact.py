"""Takes secrets out of a Semgrep report before it is stored.

Results of rules about secrets show the line that holds one, the values of metavariables, the trace that the value took, a proposed fix, and
a message in which metavariables are filled in. The rules are those of Semgrep Secrets, and those whose id, weakness or class says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compliance.kind import Mask
from compliance.source import Source

from .masking import MOST, Masker, about_secrets
from .rows import dumps

_TEXTS = frozenset(
    {
        "abstract_content",
        "code_snippet",
        "codeSnippet",
        "content",
        "fix",
        "fix_code",
        "fixed_lines",
        "lines",
        "rendered_fix",
        "source_code",
        "svalue_abstract_content",
    }
)
"""Members, at any depth of a finding, that hold text of the scanned files or of their corrected form."""
_ABOUT = ("category", "cwe", "cwe_names", "technology", "vulnerability_class", "vulnerability_classes", "product")
_PROSE = ("message", "rule_message")
_TRACES = ("CliLoc", "CliCall", "CoreLoc", "CoreCall")


def redact(source: Source, mask: Mask) -> bytes | None:
    """Masks what findings about secrets show; None when there are none."""
    document = source.json
    masker = Masker(mask)
    for finding in _findings(document):
        extra = finding.get("extra")
        shown = extra if isinstance(extra, dict) else finding
        if _is_about_secrets(finding, shown):
            _mask(shown, masker)
    return dumps(document) if masker.used else None


def _findings(document: Any) -> Iterator[dict[str, Any]]:
    for name in ("results", "findings") if isinstance(document, dict) else ():
        listed = document.get(name)
        yield from (item for item in (listed if isinstance(listed, list) else ()) if isinstance(item, dict))


def _is_about_secrets(finding: dict[str, Any], shown: dict[str, Any]) -> bool:
    if shown.get("validation_state") not in (None, "NO_VALIDATOR"):
        return True
    texts = [finding.get("check_id"), finding.get("rule_name")]
    for bag in (shown.get("metadata"), finding.get("rule")):
        for value in (bag.get(name) for name in _ABOUT) if isinstance(bag, dict) else ():
            texts += value if isinstance(value, list) else [value]
    return about_secrets(*(text for text in texts if isinstance(text, str)))


def _mask(shown: dict[str, Any], masker: Masker) -> None:
    texts = [*masker.anywhere(shown, _TEXTS), *_traces(shown.get("dataflow_trace"), masker)]
    for name in _PROSE:
        if isinstance(shown.get(name), str):
            prose = {name: shown[name]}
            if len(texts) > MOST:
                prose[name] = masker(prose[name])
            masker.replace(prose, texts)
            shown[name] = prose[name]


def _traces(trace: Any, masker: Masker) -> list[str]:
    """Masks the source texts of a data flow, which stand in lists: ``["CliLoc", [{location}, "text"]]``."""
    shown: list[str] = []
    stack = [trace]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            for number, inner in enumerate(item):
                if isinstance(inner, str) and inner not in _TRACES:
                    shown.append(inner)
                    item[number] = masker(inner)
                else:
                    stack.append(inner)
    return shown
