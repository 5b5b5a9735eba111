"""The forms of a check, by name: for people, for programs, and for CI systems and their bots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

from ..assessment import Assessment
from ..configuration import FILE
from ..git.checkout import Checkout
from ..project import Project
from .checked import Checked

Form = Literal["text", "json", "markdown", "sarif", "junit"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)


def checked(project: Project, assessment: Assessment) -> Checked:
    """Returns a check with what its forms need to know of the project."""
    checkout = Checkout.find(project.root)
    return Checked(
        assessment=assessment,
        root=project.root,
        top=checkout.root if checkout else project.root,
        configuration=project.path or project.root / FILE,
        waivers=project.document.waivers,
        base=project.base,
    )


def rendered(checked: Checked, form: Form) -> str:
    """Returns a check in one of its forms, without colours."""
    if form == "markdown":
        from . import markdown

        return markdown.text(checked)
    if form == "junit":
        from . import junit

        return junit.text(checked)
    if form == "text":
        return "".join(f"{line}\n" for line in lines(checked, colour=False))
    if form == "sarif":
        from . import sarif

        return json.dumps(sarif.document(checked), indent=2) + "\n"
    return json.dumps(document(checked), indent=2) + "\n"


def document(checked: Checked) -> dict[str, Any]:
    """Returns a check as JSON: ``compliance/check/v1``."""
    from .json import check_document

    further = {"forecast": checked.ahead, "change": checked.change, "base": checked.base}
    said = {name: model.model_dump(mode="json") for name, model in further.items() if model is not None}
    return {**check_document(checked.assessment), **said}


def lines(checked: Checked, *, colour: bool) -> Sequence[str]:
    """Returns a check as lines of text."""
    from . import terminal

    ahead = terminal.forecast_lines(checked.ahead) if checked.ahead else ()
    return [*terminal.lines(checked, colour=colour), *ahead]
