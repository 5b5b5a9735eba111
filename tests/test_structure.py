"""What keeps the project in shape: the direction of imports, docstrings, and no trace of a machine or of unfinished work."""

from __future__ import annotations

import ast
import importlib
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
CONTENT = ("evidence", "policies", "templates")
NAMES_CONTENT = {"compliance/catalog.py", "compliance/report/html.py", "compliance/report/_weasy.py"}
"""The catalog, and what loads templates and their style sheets: nothing else in the engine knows the content folders."""
COMMAND_LINE = ("compliance.cli", "compliance.report", "compliance.verification")
"""What gates and kinds have no business with."""


def tracked(*patterns: str) -> list[str]:
    names = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(name for name in names if name and (ROOT / name).is_file())


def module_name(path: str) -> str:
    """The name under which the file is imported once the package is installed."""
    parts = PurePosixPath(path).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return f"compliance.{name}" if parts[0] in CONTENT else name


def imported(path: str) -> Iterator[str]:
    """Full names of the modules that a file imports, relative ones resolved; of ``from x import y`` both x and x.y."""
    package = module_name(path).split(".")
    if not path.endswith("__init__.py"):
        package = package[:-1]
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


ENGINE = [name for name in tracked("compliance/*.py") if name.endswith(".py")]
SHIPPED = [*ENGINE, *tracked(*(f"{folder}/*.py" for folder in CONTENT))]


@pytest.mark.parametrize("path", ENGINE)
def test_the_engine_never_names_the_content_folders(path: str) -> None:
    if path in NAMES_CONTENT:
        return
    content = tuple(f"compliance.{folder}" for folder in CONTENT)
    assert not [name for name in imported(path) if name.startswith(content)]
    nodes = list(ast.walk(ast.parse((ROOT / path).read_text())))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {ast.get_docstring(node, clean=False) for node in nodes if isinstance(node, documented)}
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)} - docs
    assert not [text for text in strings if any(name in text for name in content)]


def kind_of(module: str) -> str:
    """``compliance.evidence.scan`` of ``compliance.evidence.scan.sarif_rows``: the kind, framework or report that a module belongs to."""
    return ".".join(module.split(".")[:3])


@pytest.mark.parametrize("path", tracked("evidence/*.py", "policies/*.py"))
def test_content_imports_the_engine_and_its_own_folder_only(path: str) -> None:
    content = tuple(f"compliance.{folder}." for folder in CONTENT)
    for name in imported(path):
        assert name.split(".")[0] not in CONTENT, f"{name}: content is imported as compliance.{name}"
        assert not name.startswith(COMMAND_LINE), name
        if name.startswith(content) and kind_of(name) != kind_of(module_name(path)):
            # Modules with a leading underscore belong to the whole folder, such as policies/_say.py.
            assert name.split(".")[2].startswith("_"), f"{path} imports {name}"


def test_modules_that_say_what_they_export_export_it() -> None:
    exports: dict[str, set[str]] = {}
    for path in SHIPPED:
        if re.search(r"^__all__ = ", (ROOT / path).read_text(), re.MULTILINE):
            module = importlib.import_module(module_name(path))
            assert len(module.__all__) == len(set(module.__all__)), path
            assert not [name for name in module.__all__ if name.startswith("_") or not hasattr(module, name)], path
            exports[module_name(path)] = set(module.__all__)
    modules = {module_name(path) for path in SHIPPED}
    for path in SHIPPED:
        for name in imported(path):
            owner, _, attribute = name.rpartition(".")
            # A private sibling is part of the same module, split off because of what it imports.
            sibling = PurePosixPath(path).name.startswith("_") and owner.rpartition(".")[0] == module_name(path).rpartition(".")[0]
            if owner in exports and name not in modules and not attribute.startswith("_") and not sibling:
                assert attribute in exports[owner], f"{path} imports {name}, which {owner} does not export"


@pytest.mark.parametrize("path", [*SHIPPED, *tracked("benchmarks/*.py", "examples/**/*.py")])
def test_every_module_says_what_it_is_for(path: str) -> None:
    assert ast.get_docstring(ast.parse((ROOT / path).read_text()))


MARKER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def comments(path: str) -> Iterator[str]:
    data = (ROOT / path).read_bytes()
    if path.endswith(".py"):
        yield from (token.string for token in tokenize.tokenize(io.BytesIO(data).readline) if token.type == tokenize.COMMENT)
    elif path.endswith((".toml", ".yml", ".yaml")) or path.startswith((".ci/", "scripts/")) or path in ("Makefile", ".gitignore"):
        yield from re.findall(r"#.*", data.decode())
    elif path.endswith((".css", ".html")):
        yield from re.findall(r"/\*.*?\*/|<!--.*?-->|\{#.*?#\}", data.decode(), re.DOTALL)
    elif path.endswith(".md"):
        prose = re.sub(r"^```.*?^```$", "", data.decode(), flags=re.MULTILINE | re.DOTALL)
        yield from re.findall(r"^[^|\n]*\b(?:TODO|FIXME)\b:.*", prose, re.MULTILINE)


def test_nothing_is_left_unfinished() -> None:
    paths = [path for path in tracked() if not path.startswith(("tests/", "examples/"))]
    assert not [(path, text) for path in paths for text in comments(path) if MARKER.search(text)]


def machine_words() -> set[str]:
    """Folders of this machine, and the hosts and folders of its package index: nobody else has them."""
    shown = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True).stdout
    shown += "\n".join(value for name, value in os.environ.items() if re.match(r"PIP_|UV_", name))
    found = set(re.findall(r"https?://(?:[^/@\s']*@)?([^/\s':]+)", shown)) | set(re.findall(r"(?<![\w.:/-])/[\w.-]+/[\w./-]+", shown))
    found |= {path.removeprefix("file://") for path in re.findall(r"file:///[\w./-]+", shown)}
    found |= {str(path) for path in (ROOT, Path.home(), Path(sys.prefix)) if len(path.parts) > 2}
    return found - {"localhost", "127.0.0.1", "/etc/ssl/certs/ca-certificates.crt"}


POSSESSIVE_GROUP = re.compile(r"[)](?:[*+?]|\{[\d,]+\})[+]")


def test_no_regular_expression_repeats_a_group_possessively() -> None:
    """Python before 3.11.5, which Debian 12 has, takes the characters of a last try that fails for matched (gh-106052)."""
    found = [f"{path}:{number}" for path in tracked("compliance/**.py", "evidence/**.py", "policies/**.py")
             for number, line in enumerate((ROOT / path).read_text("utf-8").splitlines(), 1) if POSSESSIVE_GROUP.search(line)]  # fmt: skip
    assert found == []


def test_no_file_names_this_machine_or_its_package_index() -> None:
    words = machine_words()
    homes = re.compile(r"(?<![\w.-])/(?:home|Users)/(?!x/|me/|you/|user/)\w+/")
    for path in tracked():
        text = (ROOT / path).read_bytes().decode("utf-8", "replace")
        assert not [word for word in words if word in text], path
        assert not homes.search(text) or path.startswith("tests/"), path
        assert "/" + "work/" not in text and "/tmp/" + "lab" not in text, path


def test_every_script_can_be_run() -> None:
    for path in tracked("scripts/*", ".ci/run"):
        assert os.access(ROOT / path, os.X_OK), path
        assert (ROOT / path).read_text().startswith("#!"), path
        assert subprocess.run(["bash", "-n", ROOT / path], check=False).returncode == 0, path


def test_no_file_of_an_example_is_ignored_but_what_it_makes() -> None:
    words = ["git", "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "examples"]
    names = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    made = re.compile(r"examples/[^/]+/(out|\.compliance)/|.*/__pycache__/|$")
    assert not [name for name in names if not made.match(name)], "a clone would lack these"
