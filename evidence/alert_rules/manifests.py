"""What a file with alert rules consists of: one rule file, several with a namespace each, or manifests of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from compliance.errors import InputError
from compliance.reading import yamltext
from compliance.reading.yamltext import LINE
from compliance.source import Source

from .shapes import known_keys, list_of, mapping_of, where_of

SIZE_LIMIT: Final = 2 << 20
"""Bytes of the largest rule file; the YAML reader takes about 20 s for each MiB."""
_TOP: Final = ("groups", "namespace")
RESOURCES: Final = {"PrometheusRule": "monitoring.coreos.com/", "VMRule": "operator.victoriametrics.com/"}
"""Kinds of manifests that hold rules, and the groups of the interface that they are of."""
_LISTS: Final = {"List": None, **{f"{kind}List": kind for kind in RESOURCES}}


def group_lists(source: Source) -> Iterator[Any]:
    """Yields the ``groups`` of each rule file, or of each manifest with rules, that a file holds.

    Raises:
        InputError: Something else than these, or several rule files of which Prometheus would read one.
    """
    documents = _documents(source)
    if any("kind" in whole or "spec" in whole for whole in documents):
        resources = [one for whole in documents for one in _resources(whole)]
        if not resources:
            raise InputError("no manifest with rules", expected=" or ".join(RESOURCES))
        yield from map(_groups_of, resources)
        return
    seen: set[str] = set()
    for whole in documents:
        where = where_of(whole.get(LINE, 1))
        known_keys(whole, _TOP, "the file")
        if "groups" not in whole:
            raise InputError("no key `groups`", expected="a rule file with `groups`", where=where)
        if len(documents) > 1:
            namespace = whole.get("namespace")
            if not isinstance(namespace, str) or namespace in seen:
                expected = "one document, of which Prometheus reads no more, or a namespace of its own in each, as for Mimir"
                raise InputError(f"one of {len(documents)} documents with namespace {namespace!r}"[:200], expected=expected, where=where)
            seen.add(namespace)
        yield whole["groups"]


def _resources(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields the manifests with rules of a document, which may be a list of manifests."""
    kind, line = whole.get("kind"), whole.get(LINE)
    if isinstance(kind, str) and kind in _LISTS:
        # Only in a list of one kind the items need not say theirs.
        given = {"kind": _LISTS[kind], "apiVersion": whole.get("apiVersion")}
        for item in list_of(whole.get("items"), "`items`", line):
            yield from _resources({**given, **mapping_of(item, "an item", line)})
    elif kind in RESOURCES:
        yield whole
    elif not isinstance(kind, str) or not isinstance(whole.get("apiVersion"), str):
        raise InputError(f"kind {kind!r}"[:100], expected="a Kubernetes manifest", where=where_of(line))


def _groups_of(resource: dict[str, Any]) -> Any:
    line = resource.get(LINE)
    kind, version = str(resource["kind"]), str(resource.get("apiVersion"))
    if not version.startswith(RESOURCES[kind]):
        raise InputError(f"{version} {kind}"[:100], expected=f"{RESOURCES[kind]}... {kind}", where=where_of(line))
    spec = mapping_of(resource.get("spec"), "`spec`", line)
    known_keys(spec, ("groups",), "`spec`")
    return spec.get("groups")


def _documents(source: Source) -> list[dict[str, Any]]:
    if source.size > SIZE_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"a rule file of at most {SIZE_LIMIT} bytes")
    is_json = source.head.lstrip().startswith(b"{")
    held = [source.json] if is_json else [one for one in yamltext.documents(source.text, lines=True, merge=True) if one is not None]
    return [mapping_of(one, "the file", None) for one in held or [None]]
