"""YAML read as configuration is meant: safe tags, unique keys, bounded aliases, and words that stay words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from ..errors import InputError, first_line

LINE = "__line__"
"""Key under which `loads` with ``lines=True`` keeps the line of a mapping, counted from 1."""


NODE_LIMIT = 200_000
"""Nodes of the largest document, aliases followed ("billion laughs" are refused)."""
_TAGS = ("null", "bool", "int", "float", "str", "seq", "map")
"""The tags of YAML 1.2's core schema; those that YAML 1.1 has besides (binary, set, timestamp, merge, ...) are refused."""
_MERGE = "tag:yaml.org,2002:merge"
_BITS = 13_000
"""Bits of the longest number; Python refuses to print integers of more than 4300 digits."""
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class _Loader(yaml.SafeLoader):
    """Safe loader without YAML 1.1's surprises: ``on``/``off``/``yes``/``no``, dates and ``20:30`` (1230 there) stay text."""

    def __init__(self, stream: str, *, lines: bool = False, merge: bool = False, tags: Collection[str] = ()) -> None:
        super().__init__(stream)
        self.with_lines = lines
        self.with_merge = merge
        if tags:
            own: dict[Any, Any] = dict.fromkeys(tags, type(self).construct_yaml_seq)
            self.yaml_constructors = {**self.yaml_constructors, **own}  # type: ignore[misc]
        self.sizes: dict[int, int] = {}
        """Nodes that each composed node stands for once its aliases are followed."""
        self.nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        mark = event.start_mark
        self.nodes += 1
        if self.nodes > NODE_LIMIT:
            raise yaml.MarkedYAMLError(problem=f"more than {NODE_LIMIT} values", problem_mark=mark)
        node = super().compose_node(parent, index)
        if isinstance(event, yaml.AliasEvent):
            if id(node) not in self.sizes:
                raise yaml.MarkedYAMLError(problem="alias to a node around it", problem_mark=mark)
            return node
        children = getattr(node, "value", None)
        size = 1
        if isinstance(children, list):
            for child in children:
                size += sum(self.sizes[id(part)] for part in (child if isinstance(child, tuple) else (child,)))
        if size > NODE_LIMIT:
            raise yaml.MarkedYAMLError(problem="aliases that multiply", problem_mark=mark)
        self.sizes[id(node)] = size
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep=deep)
            if isinstance(value, int) and value.bit_length() > _BITS:
                raise ValueError("too long")
            return value
        except (ValueError, LookupError, TypeError, AttributeError) as error:  # PyYAML's own, for `!!bool maybe` and the like
            name = node.tag.rpartition(":")[2]
            raise yaml.MarkedYAMLError(problem=f"not a value of type {name} ({error})", problem_mark=node.start_mark) from error

    def construct_scalar(self, node: Any) -> str:
        text = str(super().construct_scalar(node))
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise yaml.MarkedYAMLError(problem="half of a character (a lone surrogate)", problem_mark=node.start_mark)
        if node.tag in _NUMBERS and ":" in text:
            raise yaml.MarkedYAMLError(problem="a number to base 60", problem_mark=node.start_mark)
        return text

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise TypeError(f"found a {node.id}")
        mapping: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if self.with_merge and key_node.tag == _MERGE:
                merged |= self._merged(value_node)
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, (str, int, float, bool, type(None))):
                raise yaml.MarkedYAMLError(problem="key that is not a scalar", problem_mark=key_node.start_mark)
            if key in mapping:
                raise yaml.MarkedYAMLError(problem=f"duplicate key {key!r}", problem_mark=key_node.start_mark)
            mapping[key] = self.construct_object(value_node, deep=deep)
        mapping = {**{key: value for key, value in merged.items() if key not in mapping}, **mapping} if merged else mapping
        if self.with_lines:
            mapping[LINE] = node.start_mark.line + 1
        return mapping

    def _merged(self, node: Any) -> dict[Any, Any]:
        """Reads what stands behind ``<<``: a mapping, or a list of mappings of which the first wins."""
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[Any, Any] = {}
        for part in reversed(parts):
            if not isinstance(part, yaml.MappingNode):
                raise yaml.MarkedYAMLError(problem="a merge key (<<) without a mapping", problem_mark=part.start_mark)
            found |= self.construct_object(part, deep=True)
        found.pop(LINE, None)
        return found


_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
"""The core schema of YAML 1.2: no octal 010, no 1_000, no 12:30 that is a number."""


def _core_schema(loader: type[_Loader]) -> None:
    """Gives a loader YAML 1.2's types: true and false alone are booleans, dates stay text, numbers are decimal; no other tags."""
    dropped = {f"tag:yaml.org,2002:{name}" for name in ("timestamp", "int", "float")}
    kept: dict[str, list[Any]] = {}
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items():
        kept[first] = [
            (tag, pattern) for tag, pattern in resolvers if tag not in dropped and (tag != "tag:yaml.org,2002:bool" or first in "tTfF")
        ]
    loader.yaml_implicit_resolvers = kept
    for name, pattern in (("int", _INTEGER), ("float", _FLOAT)):
        whole = re.compile(f"(?:{pattern.pattern})$")
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", whole, list("-+0123456789."))
    known = yaml.SafeLoader.yaml_constructors
    loader.yaml_constructors = {tag: known[tag] for tag in (None, *(f"tag:yaml.org,2002:{name}" for name in _TAGS))}
    loader.add_constructor("tag:yaml.org,2002:map", lambda one, node: one.construct_mapping(node, deep=True))  # type: ignore[arg-type]
    loader.add_constructor("tag:yaml.org,2002:int", _integer)


def _integer(loader: Any, node: Any) -> int:
    text = str(loader.construct_scalar(node))
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    return int(text[2:] if base != 10 else text, base)


_core_schema(_Loader)


def loads(text: str, *, lines: bool = False, merge: bool = False, tags: Collection[str] = ()) -> Any:
    """Reads one YAML document.

    Args:
        text: The document.
        lines: Keep the line of each mapping under the key `LINE`.
        merge: Follow merge keys (``<<``) of YAML 1.1, which are refused otherwise; a mapping's own keys win.
        tags: Tags of lists that are read as plain lists, such as GitLab's ``!reference``.

    Raises:
        InputError: Not YAML, several documents, a duplicate key, an alias, an unsafe tag, nested too deeply; with line and column.
    """
    with _loader(text, lines=lines, merge=merge, tags=tags) as loader:
        return loader.get_single_data()


def documents(text: str, *, lines: bool = False, merge: bool = False) -> Iterator[Any]:
    """Reads all YAML documents of a text, one after the other; an empty one is None.

    Args:
        text: The documents.
        lines: As for `loads`; lines are those of the text.
        merge: As for `loads`.

    Raises:
        InputError: As for `loads`.
    """
    with _loader(text, lines=lines, merge=merge) as loader:
        while loader.check_data():
            loader.nodes = 0
            loader.sizes.clear()
            yield loader.get_data()


@contextmanager
def _loader(text: str, *, lines: bool, merge: bool, tags: Collection[str] = ()) -> Iterator[Any]:
    """Gives a loader whose errors are refusals."""
    try:
        loader = _Loader(text, lines=lines, merge=merge, tags=tags)
        try:
            yield loader
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1} column {mark.column + 1}" if mark else None
        raise InputError(error.problem or "not YAML", expected="plain YAML with unique keys", where=where) from error
    except RecursionError as error:
        raise InputError("nested too deeply", expected="YAML") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(first_line(error), expected="YAML") from error
