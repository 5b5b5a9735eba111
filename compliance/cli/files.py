"""The files that commands write: whole or not at all, and named after what they are about where nobody names them."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..times import now

if TYPE_CHECKING:
    from ..assessment import Assessment


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all: a report that is half there must not be sent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def default_path(assessment: Assessment, ending: str) -> Path:
    """Returns the file of a document that nobody named: project, decision point, what it is if it is no report, and time.

    Args:
        assessment: What the document is about.
        ending: What stands between the decision point and the time, if anything, and the suffix: ``-packet.pdf``, ``.html``.
    """
    what, _, suffix = ending.partition(".")
    project = re.sub(r"[^A-Za-z0-9._-]+", "-", assessment.subject.project).strip("-.") or "report"
    return Path(f"{project}-{assessment.point}{what}-{now():%Y%m%dT%H%M%SZ}.{suffix}")
