"""Takes secrets out of a Trivy report before it is stored.

Trivy masks the secrets that it finds with asterisks, but shows the lines around them, and of a private key all but its body. Lines and
matches of secrets are masked whole; so is the code of checks that are about secrets, and what an image's environment and history assign to
names such as ``DB_PASSWORD``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compliance.kind import Mask
from compliance.source import Source

from .masking import MOST, Masker, about_secrets
from .rows import dumps

_TEXTS = frozenset({"Match", "Content", "Highlighted", "Raw"})
"""Members of a secret, of lines of code, and of a rendered cause, that hold text of the scanned files."""
_LISTS = ("Resources", "Findings", "Vulnerabilities", "Misconfigurations")


def redact(source: Source, mask: Mask) -> bytes | None:
    """Masks what findings about secrets show; None when there are none."""
    document = source.json
    masker = Masker(mask)
    for result in _results(document):
        for secret in _objects(result.get("Secrets")):
            _secret(secret, masker)
        for check in _objects(result.get("Misconfigurations")):
            _check(check, masker)
        for modified in _objects(result.get("ExperimentalModifiedFindings")):
            finding = modified.get("Finding")
            if isinstance(finding, dict):
                _MASKED.get(str(modified.get("Type")), _nothing)(finding, masker)
    if isinstance(document, dict):
        _image(document.get("Metadata"), masker)
    return dumps(document) if masker.used else None


def _results(document: Any) -> Iterator[dict[str, Any]]:
    """Yields the results of any layout."""
    if isinstance(document, list):
        yield from _objects(document)
    elif isinstance(document, dict):
        yield from _objects(document.get("Results"))
        for name in _LISTS:
            for resource in _objects(document.get(name)):
                yield from _objects(resource.get("Results"))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in (value if isinstance(value, list) else ()) if isinstance(item, dict))


def _secret(secret: dict[str, Any], masker: Masker) -> None:
    masker.anywhere(secret, _TEXTS)
    layer = secret.get("Layer")
    if isinstance(layer, dict) and isinstance(layer.get("CreatedBy"), str):
        layer["CreatedBy"] = masker.assignments(layer["CreatedBy"])


def _check(check: dict[str, Any], masker: Masker) -> None:
    named = (check.get(name) for name in ("ID", "AVDID", "Title"))
    if not about_secrets(*(text for text in named if isinstance(text, str))):
        return
    shown = masker.anywhere(check.get("CauseMetadata"), _TEXTS)
    if isinstance(check.get("Message"), str):
        prose = {"Message": masker(check["Message"]) if len(shown) > MOST else check["Message"]}
        masker.replace(prose, shown)
        check["Message"] = prose["Message"]


def _nothing(_finding: dict[str, Any], _masker: Masker) -> None:
    """Vulnerabilities and licences show no text of the scanned files."""


_MASKED = {"secret": _secret, "misconfiguration": _check}


def _image(metadata: Any, masker: Masker) -> None:
    """Masks secrets in the environment and the history of an image."""
    config = metadata.get("ImageConfig") if isinstance(metadata, dict) else None
    if not isinstance(config, dict):
        return
    inner = config.get("config")
    environment = inner.get("Env") if isinstance(inner, dict) else None
    if isinstance(inner, dict) and isinstance(environment, list):
        inner["Env"] = [_variable(item, masker) for item in environment]
    for step in _objects(config.get("history")):
        if isinstance(step.get("created_by"), str):
            step["created_by"] = masker.assignments(step["created_by"])


def _variable(item: Any, masker: Masker) -> Any:
    name, equals, value = item.partition("=") if isinstance(item, str) else ("", "", "")
    if not equals:
        return item
    return f"{name}={masker(value)}" if masker.is_secret_name(name) else item
