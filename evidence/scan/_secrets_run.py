"""Runs detect-secrets over a list of files, in a process of its own: ``python -m compliance.evidence.scan._secrets_run LIST``.

The list holds paths relative to the current folder, with NUL between them. Printed is one JSON object: ``baseline``, in detect-secrets'
own form, and ``states``, one word for each path of the list, in its order: scanned, skipped or failed.

detect-secrets drops what a comment allows (``pragma: allowlist secret``), files that are no UTF-8, and files that it cannot open, without
a word. Here the first are reported as ``"is_secret": false``, so that they are counted as suppressed; the second are read with the odd
bytes replaced; the third are failures. What only its entropy speaks against is no secret either when it is short (`SHORT`). Secrets are
never looked up at their services (no verification).
"""

from __future__ import annotations

import json
import math
import os
import re
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from compliance.git.worktree import shown

if TYPE_CHECKING:
    from detect_secrets.core.potential_secret import PotentialSecret
    from detect_secrets.core.secrets_collection import SecretsCollection

_ALLOWLIST: Final = "detect_secrets.filters.allowlist.is_line_allowlisted"
SIZE_LIMIT: Final = 16 << 20
"""Bytes of the largest file that is scanned; a larger one is a failure."""
MEMORY_LIMIT: Final = 2 << 30
"""Bytes of address space of the process: a file that asks for more is a failure."""
_VALUES: Final = 200_000
"""Values of the largest YAML file, aliases followed: detect-secrets follows every one, so that 600 bytes can ask for any memory."""
_HEAD: Final = 8192
SHORT: Final = 16
"""Characters below which a quoted string is no key, however random it looks: detect-secrets calls ``"ABCabc123abc"`` one. What stands
beside a word such as ``password``, or has the form of a known token, is found at any length."""
_BY_ENTROPY: Final = ("Base64 High Entropy String", "Hex High Entropy String")


@dataclass
class _Scan:
    """Adds up over the files."""

    folder: Path
    """For copies in UTF-8."""
    found: SecretsCollection

    def look(self, name: str) -> Literal["scanned", "skipped", "failed"]:
        """Scans one file; whatever it does to the library, the others are scanned."""
        try:
            data = _text_of(Path(name))
            if data is None:
                return "skipped"
            self._scan(name, data)
        except Exception:
            return "failed"
        return "scanned"

    def _scan(self, name: str, data: bytes) -> None:
        from detect_secrets.core.scan import scan_file

        text = data.decode("utf-8", "replace")
        if _multiplies(name, text):
            raise ValueError("aliases that multiply")
        lines = re.split(r"\r\n|\r|\n", text)
        found = [(_is_allowed(one, lines), one) for one in scan_file(name if text.encode() == data else self._copy(name, text))]
        for allowed, secret in sorted(found, key=lambda one: one[0]):  # of equal secrets the first is kept: an open one, if there is any
            secret.filename = shown(name)
            secret.is_secret = False if allowed else None
            self.found[secret.filename].add(secret)

    def _copy(self, name: str, text: str) -> str:
        """Writes the text as UTF-8; the end of the name decides how detect-secrets reads it."""
        copy = self.folder / f"copy{Path(name).suffix}"
        copy.write_text(text, "utf-8", newline="")
        return str(copy)


def _text_of(path: Path) -> bytes | None:
    """Returns the bytes of a text file; None for links, binary files, and what detect-secrets leaves out by its name."""
    from detect_secrets.filters import heuristic

    by_name = (heuristic.is_non_text_file, heuristic.is_lock_file, heuristic.is_swagger_file)
    if path.is_symlink() or any(leaves_out(str(path)) for leaves_out in by_name):
        return None
    if path.stat().st_size > SIZE_LIMIT:
        raise ValueError("too large")
    data = path.read_bytes()
    return None if b"\0" in data[:_HEAD] else data


def _multiplies(name: str, text: str) -> bool:
    """Whether a YAML file stands for more than `_VALUES` values once its aliases are followed."""
    import yaml
    from detect_secrets.util.filetype import FileType, determine_file_type

    if determine_file_type(name) != FileType.YAML or "*" not in text or "&" not in text:
        return False
    sizes: dict[int, float] = {}
    try:
        documents = list(yaml.compose_all(text, yaml.SafeLoader))  # all are kept: sizes go by identity
    except yaml.YAMLError:
        return False  # detect-secrets reads it as text, then
    return any(_size(document, sizes) > _VALUES for document in documents)


def _size(node: Any, sizes: dict[int, float]) -> float:
    """Counts the values of a node, each as often as it is used; a node that holds itself is infinite."""
    if id(node) not in sizes:
        sizes[id(node)] = math.inf
        inner = node.value if isinstance(node.value, list) else []
        parts = [part for one in inner for part in (one if isinstance(one, tuple) else (one,))]
        sizes[id(node)] = 1 + sum(_size(part, sizes) for part in parts)
    return sizes[id(node)]


def _is_allowed(secret: PotentialSecret, lines: Sequence[str]) -> bool:
    """Whether it is too short to be a key, or a comment on the line, or alone on the line before it, allows it."""
    if secret.type in _BY_ENTROPY and len(secret.secret_value or "") < SHORT:
        return True
    from detect_secrets.filters.allowlist import is_line_allowlisted
    from detect_secrets.util.code_snippet import get_code_snippet

    number = secret.line_number
    if not 1 <= number <= len(lines):
        return False
    return is_line_allowlisted(secret.filename, lines[number - 1], get_code_snippet(list(lines), number))


def scan(names: Sequence[str]) -> dict[str, Any]:
    """Scans files, relative to the current folder, and returns what is printed."""
    from detect_secrets.core import baseline
    from detect_secrets.core.secrets_collection import SecretsCollection
    from detect_secrets.settings import default_settings

    with tempfile.TemporaryDirectory() as folder, default_settings() as settings:
        settings.disable_filters(_ALLOWLIST)
        looked = _Scan(Path(folder), SecretsCollection())
        states = [looked.look(name) for name in names]
        found = baseline.format_for_output(looked.found)
    return {"baseline": found, "states": states}


def _listed(path: Path) -> Iterator[str]:
    yield from (os.fsdecode(name) for name in path.read_bytes().split(b"\0") if name)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    sys.stdout.write(json.dumps(scan(list(_listed(Path(sys.argv[1]))))))
