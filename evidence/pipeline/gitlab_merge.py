"""What GitLab puts together before it looks at jobs: anchors, merge keys, ``extends``, ``!reference``.

Source: GitLab Docs, "Optimize GitLab CI/CD configuration files". Merge keys follow GitLab's own YAML reader (Ruby's Psych): what is merged
replaces the keys above it. ``extends`` merges mappings deeply and replaces lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

from compliance.errors import InputError

from .nodes import NodeReader

REFERENCE: Final = "!reference"
LIST_LIMIT: Final = 100_000
"""Entries of all lists of a file, references followed."""
NULL: Final = "tag:yaml.org,2002:null"
_DEPTH: Final = 10
"""Levels of ``extends``, of references and of lists inside lists that GitLab follows."""
_MERGE: Final = "tag:yaml.org,2002:merge"

Members = dict[str, tuple[Any, Any]]
"""Members of a mapping: by name, the node of the key, and the node of the value or, where mappings were merged, its members."""


class MergingReader(NodeReader):
    """Reads mappings and lists as GitLab puts them together.

    Args:
        text: What the nodes were composed from.
        root: The node of the whole file.
    """

    def __init__(self, text: str, root: Any) -> None:
        super().__init__(text)
        self.root = root
        self.top: Members = self.members(root, "the file")
        self.default = self.inner(self.top, "default") or {}
        self.missing: list[str] = []
        """What the job that is read is made of, and the file does not hold."""
        self.whole: dict[str, tuple[Members, tuple[str, ...]]] = {}
        self.read = 0
        """Nodes of lists that were read, references followed."""

    # Mappings

    def members(self, node: Any, what: str) -> Members:
        """Returns the members of a mapping, merge keys followed in the order of the text."""
        if isinstance(node, dict):
            return node
        if not isinstance(node, yaml.MappingNode):
            raise InputError(f"{what} is no mapping", expected="a mapping", where=f"line {self.line(node.start_mark)}")
        found: Members = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for part in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    found |= self.members(part, "what is merged")
            else:
                found[self.word(key)] = (key, value)
        return found

    def inner(self, parts: Members, name: str) -> Members | None:
        """Returns the members of a member that is a mapping; None when it is absent or something else."""
        value = parts[name][1] if name in parts else None
        return self.members(value, name) if isinstance(value, (dict, yaml.MappingNode)) else None

    def merged(self, parent: Members, child: Members) -> Members:
        """Merges mappings deeply; of anything else, the child's goes."""
        found = dict(parent)
        for name, (key, value) in child.items():
            above = self.inner(found, name)
            below = self.inner(child, name)
            found[name] = (key, self.merged(above, below) if above is not None and below is not None else value)
        return found

    def extended(self, name: str, seen: tuple[str, ...] = ()) -> Members:
        """Returns the members of a job with those of all that it extends; what the job says itself goes before."""
        if name not in self.whole:
            outer, self.missing = self.missing, []
            self.whole[name] = self._extend(name, seen), tuple(self.missing)
            self.missing = outer
        found, missing = self.whole[name]
        self.missing += missing
        return found

    def _extend(self, name: str, seen: tuple[str, ...]) -> Members:
        own = self.members(self.top[name][1], f"job `{name}`")
        if "extends" not in own:
            return own
        if name in seen or len(seen) > _DEPTH:
            where = f"line {self.line(own['extends'][0].start_mark)}"
            raise InputError(f"extends of `{name}` goes in a circle or too deep", expected=f"at most {_DEPTH} levels", where=where)
        found: Members = {}
        for parent in self.words(own["extends"][1]):
            if parent not in self.top:
                self.missing.append(parent)
            else:
                found = self.merged(found, self.extended(parent, (*seen, name)))
        return self.merged(found, own)

    # Lists

    def flat(self, node: Any, depth: int = 0) -> Iterator[Any]:
        """Yields the nodes of a list, of lists in it, and of what is referred to; a single node is a list of itself."""
        self.read += 1
        if depth > _DEPTH or self.read > LIST_LIMIT:
            expected = f"at most {_DEPTH} levels, and {LIST_LIMIT} entries in all"
            raise InputError("lists nested too deeply", expected=expected, where=f"line {self.line(node.start_mark)}")
        if isinstance(node, yaml.SequenceNode) and node.tag == REFERENCE:
            target = self.referred([self.word(part) for part in node.value])
            if target is not None:
                yield from self.flat(target, depth + 1)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                yield from self.flat(item, depth + 1)
        elif isinstance(node, dict) or node.tag != NULL:
            yield node

    def referred(self, path: list[str]) -> Any:
        """Returns the node that ``!reference [job, key, ...]`` names; None when the file does not hold it."""
        parts: Members | None = self.top
        value: Any = None
        for name in path:
            value = parts[name][1] if parts and name in parts else None
            parts = self.members(value, name) if isinstance(value, yaml.MappingNode) else None
        if value is None:
            self.missing.append(" ".join(path))
        return value
