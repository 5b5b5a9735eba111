"""Finds Python functions whose body only raises NotImplementedError.

Not reported: abstract methods (decorators ``abstractmethod`` and its kin), all methods of abstract classes and protocols (``ABC``,
``Protocol``, ``metaclass=ABCMeta``, or a class with an abstract method), overloads, and methods that a class below defines (`overridden`):
such a class is abstract without saying so. For other languages nothing is claimed.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from .unfinished import Marker

SUFFIXES: Final = (".py", ".pyi")
_ABSTRACT_BASES: Final = frozenset({"ABC", "Protocol"})
_ABSTRACT_MARKS: Final = frozenset({"abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod", "overload"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class UnparsableError(Exception):
    """The file is no Python that this interpreter parses."""


def functions(path: str, text: str) -> Iterator[Marker]:
    """Yields the unimplemented functions of a Python file.

    Raises:
        UnparsableError: The text cannot be parsed.
    """
    if not path.endswith(SUFFIXES) or "NotImplementedError" not in text:
        return
    tree = _parsed(text)
    stack: list[tuple[ast.AST, bool, str]] = [(tree, False, "")]
    while stack:
        node, abstract, name = stack.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                stack.append((child, _is_abstract(child), f"{name}{child.name}."))
            elif isinstance(child, _Function):
                if not abstract and not _marks(child) & _ABSTRACT_MARKS and _only_raises(child):
                    yield Marker("not-implemented", path, child.lineno, f"{name}{child.name}")
                stack.append((child, False, f"{name}{child.name}."))
            else:
                stack.append((child, abstract, name))


def overridden(found: Iterable[Marker], texts: Iterable[str]) -> set[Marker]:
    """Returns those unimplemented methods that a class below theirs defines, anywhere in some Python texts; classes go by their names."""
    methods: dict[str, list[Marker]] = {}
    for marker in found:
        parts = marker.text.split(".")
        if marker.rule == "not-implemented" and len(parts) > 1:
            methods.setdefault(parts[-2], []).append(marker)
    classes = [one for text in texts if "class " in text for one in _classes(text)] if methods else []
    above: dict[str, set[str]] = {}
    for one in classes:
        above.setdefault(one.name, set()).update(one.bases)
    return {
        marker
        for one in classes
        for name in _ancestors(one.name, above) & methods.keys()
        for marker in methods[name]
        if marker.text.rpartition(".")[2] in one.methods
    }


@dataclass(frozen=True)
class _Class:
    name: str
    bases: frozenset[str]
    methods: frozenset[str]
    """Those that do something."""


def _classes(text: str) -> Iterator[_Class]:
    """Yields the classes that have others above them."""
    try:
        for node in ast.walk(_parsed(text)):
            if isinstance(node, ast.ClassDef) and node.bases:
                methods = (item.name for item in node.body if isinstance(item, _Function) and not _only_raises(item))
                yield _Class(node.name, frozenset(map(_last_name, node.bases)), frozenset(methods))
    except UnparsableError:
        return


def _ancestors(name: str, above: Mapping[str, set[str]]) -> set[str]:
    """Returns the names of all classes above one, itself not among them."""
    found: set[str] = set()
    open_ = [*above.get(name, ())]
    while open_:
        one = open_.pop()
        if one not in found and one != name:
            found.add(one)
            open_ += above.get(one, ())
    return found


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnparsableError from error


def _is_abstract(node: ast.ClassDef) -> bool:
    if {_last_name(base) for base in node.bases} & _ABSTRACT_BASES:
        return True
    if any(keyword.arg == "metaclass" and _last_name(keyword.value) == "ABCMeta" for keyword in node.keywords):
        return True
    return any(isinstance(item, _Function) and _marks(item) & (_ABSTRACT_MARKS - {"overload"}) for item in node.body)


def _marks(node: _Function) -> set[str]:
    return {_last_name(item) for item in node.decorator_list}


def _last_name(node: ast.AST) -> str:
    if isinstance(node, (ast.Call, ast.Subscript)):
        return _last_name(node.func if isinstance(node, ast.Call) else node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _only_raises(node: _Function) -> bool:
    body = node.body[1:] if isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant) else node.body
    if len(body) != 1 or not isinstance(body[0], ast.Raise) or body[0].exc is None:
        return False
    return _last_name(body[0].exc) == "NotImplementedError"
