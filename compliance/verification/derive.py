"""Whether the judgement in a report follows from its evidence: it is made again, from a store or from the attachments alone.

From the attachments it is proven only where they hold the whole ledger up to the judgement. Then nothing that was recorded by then can have
been left out: an entry that is missing changes the root of the tree, and one that judging would read must be there with all that it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..errors import ComplianceError, StoreUnavailableError, first_line
from ..judgement.assessing import policy_of
from ..judgement.rejudge import NAME, rejudged
from ..judgement.rules import RulesDocument, difference, under
from ..judgement.view import entries_read
from ..sign.checks import Check
from ..times import rfc3339

if TYPE_CHECKING:
    from ..assessment import Assessment
    from ..project import Project
    from ..report.attached import AttachedStore
    from ..report.bundle_files import BundleFiles
    from ..sign.statement import Signers
    from ..store import Store

STORE: Final = "give the store with --store"
_LISTED: Final = 5
"""Numbers of entries that a detail names."""


def from_attachments(files: Mapping[str, bytes], project: Project, signers: Callable[[], Signers]) -> Check:
    """Judges the evidence that a report carries again.

    Args:
        files: The report's files by name, which belong together (`bundle_check.verify`): only what is in the ledger is judged.
        project: Gives the code of the gates.
        signers: Gives those whose signatures under decisions count.
    """
    from ..report.bundle_files import BundleFiles

    return _safely(lambda: _from_attachments(BundleFiles(files), project, signers))


def from_store(store: Store, files: Mapping[str, bytes], project: Project, signers: Callable[[], Signers]) -> Check:
    """Judges the evidence of a report again from the store that it was made from.

    Args:
        store: The store; it still holds what the report was made from.
        files: The report's files by name, which belong together (`bundle_check.verify`).
        project: Gives the code of the gates, and the rules where the report does not carry them.
        signers: Gives those whose signatures under decisions count.

    Raises:
        StoreUnavailableError: The store cannot be looked at.
    """
    from ..report.bundle_files import BundleFiles

    return _safely(lambda: _from_store(store, BundleFiles(files), project, signers))


def _safely(judge: Callable[[], Check]) -> Check:
    """Judges; what a forger can write into a ledger or into rules breaks the shape of anything, and none of it may look like success."""
    try:
        return judge()
    except StoreUnavailableError:
        raise
    except ComplianceError as error:
        return _not_proven(f"cannot be judged again here: {error}")
    except Exception as error:
        return Check(NAME, "refuted", f"what is attached cannot be judged: {type(error).__name__}: {first_line(error)}")


def _from_store(store: Store, files: BundleFiles, project: Project, signers: Callable[[], Signers]) -> Check:
    judging = project if files.rules is None else _judging(files.rules, files.model.assessment, project)
    return judging if isinstance(judging, Check) else rejudged(store, judging, files.model.proof.assessment_entry, signers)


def _from_attachments(files: BundleFiles, project: Project, signers: Callable[[], Signers]) -> Check:
    from ..report.attached import AttachedStore

    assessment = files.model.assessment
    if files.model.redacted:
        left_out = ", ".join(files.model.redacted)
        held = sum(kept.entry.type == "evidence" for kept in files.entries.values())
        return _not_proven(
            f"this copy withholds what judging reads: values of {left_out} in {held} pieces of evidence, decisions of people, and the "
            f"rules; verify the full report, or {STORE}"
        )
    if files.rules is None:
        return _not_proven(f"the report does not carry the rules that judged; {STORE}")
    judging = _judging(files.rules, assessment, project)
    if isinstance(judging, Check):
        return judging
    with AttachedStore(files) as store:
        read = entries_read(store, judging.catalog.kinds, assessment.subject, assessment.store.size)
        absent = sorted(read - files.entries.keys())
        if absent:
            return _not_proven(
                f"in the ledger, but not attached in full: {_numbers(absent)}, which judging reads; give the store with --store"
            )
        found = rejudged(store, judging, files.model.proof.assessment_entry, signers, whole=store.whole)
        return _with_what_is_missing(found, store, assessment)


def _judging(rules: RulesDocument, assessment: Assessment, project: Project) -> Project | Check:
    """Returns the project by whose rules is judged again, or why that cannot be done."""
    judging = under(rules, project)
    other = difference(rules.policy, policy_of(judging, judging.point(assessment.point)))
    return judging if other is None else _not_proven(f"the policy {assessment.policy_digest[:12]} is not installed here: {other}")


def _with_what_is_missing(found: Check, store: AttachedStore, assessment: Assessment) -> Check:
    """Adds what the attachments do not show; a proof needs all of the ledger."""
    own = [number for number in store.lacking if store.entry(number).body["subject"]["commit"] in (None, assessment.subject.commit)]
    if own and found.status == "refuted":  # a report lists the findings of all evidence of its commit
        return replace(found, detail=f"{found.detail}; the report leaves out the findings of evidence {_numbers(own)} of its commit")
    if store.lacking:
        return _not_proven(f"the findings of evidence {_numbers(store.lacking)}, which judging reads, are not attached; {STORE}")
    if found.status != "proven":
        return found
    verdicts = f"the same {len(assessment.gates)} verdicts and outcome"
    same = f"the attached evidence, judged again by the attached rules with the clock of {rfc3339(assessment.as_of)}, gives {verdicts}"
    if not store.whole:
        return _not_proven(
            f"{same}; but the ledger is too long to be attached whole, so that nothing shows that none was left out; {STORE}"
        )
    if store.foreign:
        hidden = f"{store.foreign} ledger entries, said to be of other projects, are attached by their hash alone"
        return _not_proven(f"{same}; but {hidden}, so that nothing shows that none of them counts; {STORE}")
    people = assessment.waivers or any(one.approvals or one.rejections for one in assessment.roles)
    roles = ", that the project gave those roles to those who decided" if people else ""
    return Check(
        NAME,
        "proven",
        f"{same}; all {assessment.store.size} ledger entries from before it are attached: none was left out. Not shown: what was recorded "
        f"later{roles}, and that kept files were read rightly (--store, and --replay of the store)",
    )


def _not_proven(detail: str) -> Check:
    return Check(NAME, "not-proven", detail)


def _numbers(entries: Iterable[int]) -> str:
    found = sorted(entries)
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return f"{', '.join(map(str, found[:_LISTED]))}{more}"
