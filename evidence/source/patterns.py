"""Which files are production code.

A path is matched against globs as in ``.gitignore``: ``*`` and ``?`` do not cross ``/``, ``**`` does, a glob without ``/`` matches the
name at any depth, one that ends in ``/`` a folder and all below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final


def _globs(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TESTS: Final = _globs(
    "test/ tests/ __tests__/ spec/ specs/ e2e/ testdata/ test_data/ test-data/ fixtures/ __fixtures__/ __mocks__/ mocks/ cypress/ "
    "playwright/ benchmark/ benchmarks/ bench/ test_*.py *_test.py *_tests.py tests.py conftest.py *_test.go *.test.* *.spec.* *_spec.rb "
    "*_test.rb *Test.java *Tests.java *IT.java *Test.kt *Tests.cs *Test.cs *Test.php *_test.dart *_test.exs *.stories.* *.cy.*"
)
VENDORED: Final = _globs(
    "node_modules/ bower_components/ vendor/ vendored/ _vendor/ third_party/ third-party/ thirdparty/ 3rdparty/ site-packages/ .venv/ "
    "venv/ Pods/ Carthage/ .yarn/ jspm_packages/"
)
GENERATED: Final = _globs(
    "dist/ generated/ __generated__/ *.min.js *.min.css *.bundle.js *.map *_pb2.py *_pb2.pyi *_pb2_grpc.py *.pb.go *.pb.cc *.pb.h "
    "*.g.dart *.freezed.dart *.generated.* *_generated.* *.designer.cs *.Designer.cs *.lock package-lock.json pnpm-lock.yaml *.snap *.svg"
)
DOCUMENTATION: Final = _globs(
    "docs/ doc/ documentation/ examples/ example/ samples/ sample/ demo/ demos/ *.md *.mdx *.rst *.adoc *.asciidoc *.org *.tex *.po *.pot "
    "*.diff *.patch LICENSE* CHANGELOG* README*"
)
NOT_PRODUCTION: Final = (*TESTS, *VENDORED, *GENERATED, *DOCUMENTATION)
"""What is never production code."""
_PIECES: Final = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_GENERATED_HEAD: Final = re.compile(
    rb"(?i)@generated\b|code generated .{0,100}do not edit|auto-?generated.{0,200}do not (?:edit|modify)", re.DOTALL
)


def says_generated(data: bytes) -> bool:
    """Says whether a file declares in its first 2 KiB that a program wrote it (``Code generated ... DO NOT EDIT``, ``@generated``)."""
    return _GENERATED_HEAD.search(data[:2048]) is not None


@cache
def compiled(globs: tuple[str, ...]) -> re.Pattern[str]:
    """Makes one expression of several globs; it matches whole paths with ``/``."""
    return re.compile("|".join(f"(?:{_translate(glob)})" for glob in globs) or r"(?!)")


def selected(paths: Iterable[str], production: tuple[str, ...], exclude: tuple[str, ...]) -> list[str]:
    """Returns the paths that are production code.

    Args:
        paths: Paths relative to the project.
        production: Globs of which one must match; all match when there is none.
        exclude: Further globs that must not match.
    """
    wanted, unwanted = compiled(production or ("**",)), compiled((*NOT_PRODUCTION, *exclude))
    return [path for path in paths if wanted.fullmatch(path) and not unwanted.fullmatch(path)]


def _translate(glob: str) -> str:
    below = glob.endswith("/")
    body = glob.strip("/")
    anchored = "/" in body or glob.startswith("/")
    parts = [_PIECES.get(piece, re.escape(piece)) for piece in re.split(r"(\*\*/|/\*\*|\*\*|\*|\?)", body)]
    return ("" if anchored else "(?:.*/)?") + "".join(parts) + ("/.*" if below else "")
