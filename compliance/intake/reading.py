"""From bytes to statements: secrets are masked, then every format that claims the file parses it."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..kind import Format, Kind
from ..reading.recognise import guarded
from ..record import Parsed
from ..source import Source


@dataclass(frozen=True)
class Statement:
    """One statement of a file, and how it was read."""

    kind: Kind
    form: Format
    source: Source
    parsed: Parsed
    original: str | None
    """Keyed digest of the bytes before redaction, if anything was redacted."""


@dataclass(frozen=True)
class Reader:
    """Reads files as their formats say."""

    mask_key: bytes
    """Key of the masks that stand for redacted secrets."""

    def statements(self, claims: Sequence[tuple[Kind, Format]], source: Source, path: Path | None = None) -> list[Statement]:
        """Reads all that a file states. Whatever one of its readers would mask is masked for all of them, before anything is parsed."""
        clean, original = source, None
        for _, form in claims:
            with guarded(form):
                clean = self.redacted(clean, form)
        if clean is not source:
            original = self.original(source)
        statements = []
        for kind, form in claims:
            with guarded(form):
                around = form.attend(source, path) if path is not None and form.attend is not None else {}
                facts = {**source.facts, **form.facts, **around}
                seen = clean if facts == clean.facts else Source(clean.name, clean.data, facts)
                statements += [Statement(kind, form, seen, parsed, original) for parsed in self._parse(seen, form)]
        return statements

    def redacted(self, source: Source, form: Format) -> Source:
        """Returns the source without its secrets."""
        if form.redact is None:
            return source
        key = self.mask_key
        clean = form.redact(source, lambda secret: "REDACTED:" + hmac.new(key, secret.encode(), "sha256").hexdigest()[:16])
        return source if clean is None else Source(source.name, clean, source.facts)

    def original(self, source: Source) -> str:
        """Returns the keyed digest by which bytes are known again that are not kept."""
        return hmac.new(self.mask_key, bytes(source.data), "sha256").hexdigest()

    def _parse(self, source: Source, form: Format) -> tuple[Parsed, ...]:
        try:
            return form.read(source)
        except InputError as error:
            error.source = error.source or source.name
            raise
