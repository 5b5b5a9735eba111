"""The configuration and policies of a base revision, for checks of a change: what is judged cannot loosen what judges it.

``compliance.toml``, the policy folders that it names and its files of trusted signers come from the base's git objects. Of the change's
own configuration only ``[project] version`` counts: it says what is judged, not how. Where the base has no configuration there is nothing
to loosen, and the change's own is used. No key that signs is ever used there.
"""

from __future__ import annotations

import os
import posixpath
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ..configuration import FILE, Document, ProjectTable, read_document, validate
from ..errors import ConfigError
from ..plaintext import safe
from ..project import BaseRules, NotHonoured, Project, catalog_of
from ..record import Json
from .revision import Revision

_OWN: Final = (("project", "version"), ("project", "commit"), ("report",))
"""What a change says of itself, and how pages look: nothing of it judges."""
_MISSING: Final = object()


def load(root: Path | None, names: Sequence[str]) -> Project:
    """Returns the project of a folder as the configuration of a base revision asks it.

    Args:
        root: The folder; the nearest one with a configuration, now or at the base, from the current one upwards when None.
        names: Names of the base revision, of which the first that the clone holds counts.

    Raises:
        UsageError: The clone holds none of them.
        ConfigError: The base's configuration cannot be used.
    """
    start = (root or Path.cwd()).absolute()
    if not start.is_dir():
        raise ConfigError(f"{start}: no such folder", hint="give the project's folder with --project")
    revision = Revision.find(start, names)
    folder, kept = _configured(start, revision, nearest=root is None)
    rules = BaseRules(ref=revision.name, commit=revision.commit, configured=kept is not None)
    if kept is None:
        return replace(Project.load(folder), base=rules)
    held = TemporaryDirectory(prefix="compliance-base-", ignore_cleanup_errors=True)
    try:
        return _project(folder, revision, kept, Path(held.name), rules, held)
    except ConfigError as error:
        shown = error.message.replace(f"{held.name}/", "")
        raise ConfigError(f"at the base {revision.name} ({revision.commit[:12]}): {shown}", hint=error.hint) from error


def _configured(start: Path, revision: Revision, *, nearest: bool) -> tuple[Path, bytes | None]:
    """Returns the project's folder, and its configuration at the base.

    A nearer configuration that the change adds does not hide the one that the base has.
    """
    folders = [folder for folder in ([start, *start.parents] if nearest else [start]) if _inside(folder, revision) is not None]
    for folder in folders:
        kept = revision.read(posixpath.normpath(posixpath.join(_inside(folder, revision) or ".", FILE)))
        if kept is not None:
            return folder, kept
    return next((folder for folder in folders if (folder / FILE).is_file()), start), None


def _inside(folder: Path, revision: Revision) -> str | None:
    """Returns a folder relative to the top of the repository, None outside of it."""
    resolved = folder.resolve()
    return resolved.relative_to(revision.top).as_posix() if resolved.is_relative_to(revision.top) else None


def _project(folder: Path, revision: Revision, kept: bytes, copy: Path, rules: BaseRules, held: object) -> Project:
    here = _inside(folder, revision) or "."
    settings = copy / here
    settings.mkdir(parents=True, exist_ok=True)
    (settings / FILE).write_bytes(kept)
    document = read_document(settings / FILE)
    extracted = dict(_named(document, here, revision))
    for name, content in extracted.items():
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    differences = [*_settings(folder / FILE, kept), *_files(document, here, revision, extracted)]
    return Project(
        root=folder,
        document=_of_change(document, folder / FILE),
        catalog=catalog_of(settings, document),
        path=folder / FILE,
        settings=settings,
        base=rules.model_copy(update={"not_honoured": tuple(differences)}),
        held=held,
    )


def _named(document: Document, here: str, revision: Revision) -> Iterator[tuple[str, bytes]]:
    """Yields the files at the base that the configuration names and that judge: policies and trusted signers."""
    policies = [value for value in document.frameworks.values() if isinstance(value, str)]
    for name in [*policies, *document.sign.trust, *document.sign.timestamp_trust]:
        if Path(name).is_absolute():
            if _inside(Path(name), revision) is not None:
                raise ConfigError(f"{name}: an absolute path into the repository; expected one relative to {FILE}")
            continue
        inside = posixpath.normpath(posixpath.join(here, name))
        if inside.startswith("../"):
            raise ConfigError(f"{name}: lies outside of the repository, so that no revision of it is known")
        content = revision.read(inside)
        yield from [(inside, content)] if content is not None else revision.below(inside).items()


def _of_change(document: Document, path: Path) -> Document:
    """Takes the version from the change, and no key from anywhere."""
    version = _table(_values(path), "project").get("version")
    project = document.project
    if isinstance(version, str):
        said = {**project.model_dump(by_alias=True, exclude_unset=True), "version": version, "store": project.store}
        project = validate(ProjectTable, said, "project")
    return document.model_copy(update={"project": project, "sign": document.sign.model_copy(update={"key": None})})


def _values(path: Path) -> Mapping[str, Any]:
    """Reads the change's own configuration as far as it can be read."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}


def _table(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = values.get(name)
    return table if isinstance(table, Mapping) else {}


def _settings(path: Path, kept: bytes) -> Iterator[NotHonoured]:
    """Yields what the change's configuration says otherwise than the base's."""
    before, after = dict(_flat(tomllib.loads(kept.decode()))), dict(_flat(_values(path)))
    if not after:
        yield NotHonoured(what=FILE, base="there", change="cannot be read" if path.exists() else "not there")
        return
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key, _MISSING), after.get(key, _MISSING)
        if one != other and not any(key[: len(own)] == own for own in _OWN):
            values = [
                None if value is _MISSING else value if isinstance(value, (bool, int, float)) else str(value) for value in (one, other)
            ]
            yield NotHonoured(what=safe(".".join(key)), base=values[0], change=values[1])


def _flat(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, (*above, key))
        else:
            yield (*above, key), value


def _files(document: Document, here: str, revision: Revision, extracted: Mapping[str, bytes]) -> Iterator[NotHonoured]:
    """Yields the policies and lists of signers that differ from the base's, in the working tree."""
    for name, content in extracted.items():
        try:
            now = (revision.top / name).read_bytes()
        except OSError:
            yield NotHonoured(what=safe(name), base="there", change="not there")
            continue
        if now != content:
            yield NotHonoured(what=safe(name), base="as it was", change="changed")
    for folder in (value for value in document.frameworks.values() if isinstance(value, str)):
        for path in sorted((revision.top / here / folder).rglob("*.py")):
            name = Path(os.path.relpath(path, revision.top)).as_posix()
            if name not in extracted:
                yield NotHonoured(what=safe(name), base=None, change="added")
