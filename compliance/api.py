"""The toolkit in a few functions, for programs: what the commands do, without a command line. docs/api.md shows them at work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .assessment import Assessment
from .configuration import near
from .errors import UsageError
from .intake import Intake, Outcome, Overrides
from .project import Project
from .store import Store
from .times import now

if TYPE_CHECKING:
    from .report.audit import MadeReport
    from .report.forms import Form
    from .sign.keys import SigningKey

__all__ = ["Project", "Store", "assess", "ingest", "make_report", "render"]


def ingest(
    project: Project,
    store: Store,
    paths: Iterable[Path],
    *,
    kind: str | None = None,
    commit: str | None = None,
    environment: str | None = None,
    observed_at: datetime | None = None,
) -> list[Outcome]:
    """Records files, and the files of folders and archives, as evidence.

    Args:
        project: Whose evidence it is.
        store: Opened by `Store.create`, which writes.
        paths: Files and folders.
        kind: Kind of the files, where their content leaves a choice.
        commit: Full id of the commit that they are about, over what they say themselves.
        environment: Environment that they are about, likewise.
        observed_at: When they were made, with a zone, likewise.

    Returns:
        What became of each file; a refused one is no exception, and the others are recorded.

    Raises:
        StoreError: The store cannot be written.
    """
    overrides = Overrides(kind=kind, commit=commit, environment=environment, observed_at=observed_at)
    return list(Intake(project, store, overrides).paths(paths))


def assess(
    project: Project,
    store: Store,
    point: str = "production",
    *,
    gates: Iterable[str] | None = None,
    as_of: datetime | None = None,
    record: bool = False,
) -> Assessment:
    """Judges the stored evidence.

    Args:
        project: Its settings and gates.
        store: Its evidence.
        point: Name of the decision point.
        gates: Ids of the only gates to judge; such an assessment is partial.
        as_of: Judge as at this time, on what was recorded by then; now, when None.
        record: Append the assessment to the ledger, which needs a store that was opened for writing.

    Raises:
        ConfigError: There is no such decision point.
        NothingToJudgeError: There is no evidence or no gate.
        TamperedError: The store contradicts its own ledger.
        UsageError: A partial assessment cannot be recorded; or there is no such gate.
    """
    from .judgement.judging import judge, record_assessment

    only = None if gates is None else list(gates)
    for gate in only or ():
        if gate not in project.gates:
            raise UsageError(f"{gate!r}: no such gate{near(gate, project.gates)}")
    if record and only is not None:
        raise UsageError("a partial assessment is never recorded")
    assessment = judge(project, store, point, as_of, only).assessment
    if record:
        record_assessment(store, assessment)
    return assessment


def render(project: Project, assessment: Assessment, form: Form = "text") -> str:
    """Returns an assessment as ``text``, ``json``, ``markdown``, ``sarif`` or ``junit``, as ``check`` prints it.

    Args:
        project: The project that was judged; places of findings are shown as its files.
        assessment: The judgement.
        form: Name of the form.

    Raises:
        UsageError: There is no such form.
    """
    from .report import forms

    if form not in forms.FORMS:
        raise UsageError(f"{form!r}: no such form{near(form, forms.FORMS)}")
    return forms.rendered(forms.checked(project, assessment), form)


def make_report(project: Project, store: Store, key: SigningKey, point: str = "production") -> MadeReport:
    """Judges, records the assessment, and makes the signed audit report on it.

    Args:
        project: Its settings and gates.
        store: Opened by `Store.create`, which writes.
        key: Who signs: see `compliance.sign.keyfile.load_key_file`.
        point: Name of the decision point.

    Returns:
        The report: its bytes are ``pdf``.

    Raises:
        ComplianceError: As `assess`; or the key cannot be used, or the report cannot be rendered on this machine.
    """
    from .judgement.judging import judge
    from .report import audit
    from .report.signing import Signing

    return audit.make(judge(project, store, point), Signing(key, now()))
