"""The documentation site: it builds without a warning, loads nothing from elsewhere, and its commands do what the pages say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.databases import fresh, word
from tests.gitrepo import Repo
from tests.marked import ROOT
from tests.pagewalk import run, statements, surroundings

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("**/*.md"))
PART = re.compile(
    r"^<!-- (?:project: (?P<project>\w+)|before: (?P<before>[^\n]+)) -->$"
    r"|(?:^<!-- file: (?P<file>[^\n]+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)\n```$",
    re.MULTILINE | re.DOTALL,
)
"""A page names the project of ``tests/projects`` in which its commands are run; what a reader has already is prepared ``before``."""
SERVER = "postgresql://ci@db.example.org/evidence"
"""A database that pages write of; its place is taken by one of the tests' own server."""
SHELL = {"sh", "bash", "console", "shell"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(words, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=600)
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    return folder


def test_every_page_is_in_the_site(site: Path) -> None:
    for page in PAGES:
        assert (site / page.removeprefix("docs/")).with_suffix(".html").is_file(), page


class _Loaded(HTMLParser):
    """What a browser loads by itself when it shows a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and values.get("rel") in ("stylesheet", "icon", "preconnect", "preload", "dns-prefetch"):
            self.found.append(values.get("href") or "")
        if tag in ("img", "script", "iframe", "source"):
            self.found.append(values.get("src") or "")


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.glob("**/*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        loaded = _Loaded()
        loaded.feed(page.read_text())
        assert len(loaded.found) > 2, page
        assert not [address for address in loaded.found if re.match(r"(?:[a-z]+:)?//", address)], page


def parts(page: str) -> list[dict[str, str | None]]:
    return [found.groupdict() for found in PART.finditer((ROOT / page).read_text())]


@pytest.mark.parametrize("page", [page for page in PAGES if any(part["language"] in SHELL for part in parts(page))])
def test_the_commands_of_a_page_do_what_it_says(page: str, tmp_path: Path) -> None:
    """Runs the page from top to bottom: files are written, commands are run, and end as the comment behind them says."""
    project = tmp_path / "project"
    env = surroundings(tmp_path)
    for part in parts(page):
        if part["project"]:
            folder = ROOT / "tests/projects" / part["project"]
            Repo.make(project, {path.relative_to(folder).as_posix(): path.read_text() for path in folder.glob("**/*") if path.is_file()})
        if part["before"]:
            ran = run(part["before"], project, env)
            assert ran.returncode == 0, f"{page}: {part['before']}\n{ran.stdout[-3000:]}"
        if part["file"]:
            write(project, part["file"], part["text"] or "")
        if part["language"] in SHELL:
            text, surrounding = part["text"] or "", dict(env)
            if SERVER in text:
                text = text.replace(SERVER, shlex.quote(word(fresh("postgres", tmp_path))))
            for command, expected, shown in statements(text):
                if exported := re.match(r"export (\w+)=(\S+)", command):
                    surrounding[exported[1]] = exported[2].strip("'")
                ran = run(command, project, surrounding)
                assert ran.returncode == expected, f"{page}: {command}\n{ran.stdout[-3000:]}"
                assert shown in ran.stdout, f"{page}: {command}\n{ran.stdout[-3000:]}"


COMMAND = re.compile(r"(?:\w+=\S+ )*(?:\$ )?(?:compliance|python|openssl|ssh-keygen|git|make|pip|curl) ")


@pytest.mark.parametrize("page", PAGES)
def test_commands_stand_in_blocks_that_are_run(page: str) -> None:
    assert not [part["text"] for part in parts(page) if part["language"] == "text" and COMMAND.match(part["text"] or "")]


def write(project: Path, words: str, text: str) -> None:
    """Writes a file that a page shows, or adds it to the end of the one that is there."""
    path = project / words.removesuffix(" (added)")
    before = path.read_text() + "\n" if words.endswith(" (added)") else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before}{text}\n")
