"""A Markdown file as its reader sees it: headings with what stands under them, fenced blocks, links, code.

Source: CommonMark 0.31 with GitHub's tables, as markdown-it-py reads it; nothing is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance.errors import InputError

if TYPE_CHECKING:
    from markdown_it.token import Token

SIZE_LIMIT = 1 << 18
"""Characters of the largest file (some hundred pages); text made to be slow to read takes seconds at that size, not minutes."""
LINE_LIMIT = 20_000
"""Characters of its longest line."""

_PLACEHOLDER = re.compile(
    r"\b(?:to ?do|tbd|tba|fixme|xxx|coming soon|to be (?:written|done|defined|determined|added|completed)|wip|n/?a)\b"
)
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL)
_ANCHOR = re.compile(r"""\b(?:id|name)\s*=\s*["']([^"']{1,200})["']""", re.IGNORECASE)
_HTML_LINK = re.compile(r"""<(?:a\s[^<>]{0,300}?href|img\s[^<>]{0,300}?src)\s*=\s*["']([^"']{1,1000})["']""", re.IGNORECASE)
_COMMENT = re.compile(r"(?m)^\s*(?:#|//).*$")


@dataclass
class Heading:
    """A heading and the text under it, sub-headings' text included."""

    text: str
    level: int
    content: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing but placeholders stands under it."""
        left = _PLACEHOLDER.sub(" ", " ".join(self.content).lower())
        return not re.search(r"\w", left)


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    language: str
    text: str
    line: int
    """Line of its first line of code, counted from 1 in the body."""


@dataclass
class Document:
    """What was read."""

    headings: list[Heading] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    """Targets as they stand, images included, each once."""
    code: list[str] = field(default_factory=list)
    """Code inside running text."""
    anchors: set[str] = field(default_factory=set)
    """Names that the text gives to places, besides headings."""


def read(body: str) -> Document:
    """Reads Markdown.

    Raises:
        InputError: Larger than `SIZE_LIMIT`, a line longer than `LINE_LIMIT`, or nested beyond reason.
    """
    if len(body) > SIZE_LIMIT:
        raise InputError(f"{len(body)} characters", expected=f"Markdown of at most {SIZE_LIMIT} characters")
    for number, line in enumerate(body.split("\n"), 1):
        if len(line) > LINE_LIMIT:
            raise InputError("line too long", expected=f"at most {LINE_LIMIT} characters", where=f"line {number}")
    from markdown_it import MarkdownIt

    try:
        tokens = MarkdownIt("commonmark").enable("table").parse(body)
    except (RecursionError, ValueError) as error:
        raise InputError(f"{type(error).__name__} while reading", expected="Markdown") from error
    return _Collector().collect(tokens)


class _Collector:
    """Walks over the tokens once."""

    def __init__(self) -> None:
        self.document = Document()
        self.under: list[Heading] = []

    def collect(self, tokens: Sequence[Token]) -> Document:
        level: int | None = None
        for token in tokens:
            if token.type == "heading_open":
                level = int(token.tag[1:])
            elif token.type == "inline":
                text = _text(token)
                if level is None:
                    self._say(text)
                else:
                    self._heading(text, level)
                level = None
                self._named(token)
            elif token.type in ("fence", "code_block"):
                self._code(token)
            elif token.type == "html_block":
                self._html(token.content)
                self._say(_TAG.sub(" ", token.content))
        self.document.links = list(dict.fromkeys(self.document.links))
        return self.document

    def _heading(self, text: str, level: int) -> None:
        self.under = [heading for heading in self.under if heading.level < level]
        self.under.append(Heading(text, level))
        self.document.headings.append(self.under[-1])

    def _say(self, text: str) -> None:
        for heading in self.under:
            heading.content.append(text)

    def _code(self, token: Token) -> None:
        self._say(_COMMENT.sub("", token.content))
        if token.type == "fence":
            language = re.split(r"[\s,{:]", token.info.strip().lower())[0]
            self.document.blocks.append(Block(language, token.content, token.map[0] + 2 if token.map else 1))

    def _named(self, token: Token) -> None:
        """Keeps the links, code and anchors of running text."""
        for child in token.children or ():
            target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src") if child.type == "image" else None
            if isinstance(target, str):
                self.document.links.append(target)
            elif child.type == "code_inline":
                self.document.code.append(child.content)
            elif child.type == "html_inline":
                self._html(child.content)

    def _html(self, text: str) -> None:
        text = _HTML_COMMENT.sub("", text)
        self.document.anchors.update(match.group(1) for match in _ANCHOR.finditer(text))
        self.document.links.extend(match.group(1) for match in _HTML_LINK.finditer(text))


def _text(token: Token) -> str:
    """Returns the words of running text; the text of an image counts, tags do not."""
    breaks = ("softbreak", "hardbreak", "html_inline")
    return "".join(" " if child.type in breaks else child.content for child in token.children or ())
