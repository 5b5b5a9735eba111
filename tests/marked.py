"""Reads the marked blocks of documents: ``<!-- MARK: words -->`` and the fenced block, or the table, below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent


def blocks(document: str, mark: str) -> Iterator[tuple[str, str]]:
    """Words of each mark and the text of the fenced block below it, without the last line feed."""
    pattern = rf"^<!-- {mark}: ([^\n]+?) -->\n```\w*\n(.*?)\n```$"
    return ((found[1], found[2]) for found in re.finditer(pattern, (ROOT / document).read_text(), re.MULTILINE | re.DOTALL))


def tables(document: str, mark: str) -> Iterator[tuple[str, list[list[str]]]]:
    """Words of each mark and the rows of the table below it, without its header."""
    pattern = rf"^<!-- {mark}: ([^\n]+?) -->\n((?:\|[^\n]*\n)+)"
    for found in re.finditer(pattern, (ROOT / document).read_text(), re.MULTILINE):
        yield found[1], rows(found[2])


def rows(table: str) -> list[list[str]]:
    """Cells of a Markdown table, without its header."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]
