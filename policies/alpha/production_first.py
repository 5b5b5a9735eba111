"""Production-first: finished, versioned code behind a pipeline that can fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtMost, Inputs, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed
from compliance.record import Json

from .._say import LIMIT, count, worst

PRINCIPLE: Final = "Production-first"


class UnfinishedWork(Params):
    """Thresholds of ALPHA-PF-1."""

    markers: Annotated[int, AtMost(), Field(ge=0)] = 0
    """TODO, FIXME, XXX and HACK markers in comments, at most (count)."""
    unimplemented: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Bodies that only raise NotImplementedError, at most (count)."""
    skipped_files: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Production files that could not be looked at, at most (count)."""


@gate(
    id="ALPHA-PF-1",
    statement="No unfinished work in production code",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["source"],
    params=UnfinishedWork,
)
def no_unfinished_work(inputs: Inputs, params: UnfinishedWork) -> Verdict:
    """Counts unfinished work.

    Asks: Production files hold no TODO, FIXME, XXX or HACK marker in a comment, and no body that only raises NotImplementedError outside
    abstract classes, protocols and overloads; a class is abstract where one below it defines the method.

    Why: A marker says that the author knew of work still to be done. After a release nobody has the time for it, and users meet it first.

    Evidence: The state of the source tree (`compliance collect source`). Tests, vendored, generated and documentation files are not
    production, and string literals do not count. A file that could not be looked at proves nothing. Markers of a baseline are counted
    apart as long as the baseline has not expired.

    Fix: Finish or remove what is listed, or turn it into an issue and delete the marker; what must stay for now goes into a
    baseline with an expiry date, which `[collect.source.git] baseline` names.

    Maps to: NIST SSDF PW.5.1; SOC 2 CC8.1; ISO/IEC 27001:2022 A.8.25, A.8.28.
    """
    items = inputs.of("source")
    limits = params.model_dump()
    broken = [i for i in items if i.payload.markers > params.markers or i.payload.unimplemented > params.unimplemented]
    if broken:
        item = max(broken, key=lambda one: one.payload.markers + one.payload.unimplemented)
        message = f"{_unfinished(item.payload)}; at most {params.markers} and {params.unimplemented} are allowed"
        return failed(message, observed=_unfinished_counts(item.payload), threshold=limits, places=worst([item]))
    if not all(item.payload.files for item in items) or not items:
        return not_assessed(Reason.INCOMPLETE, "no production source file was looked at", observed={"files": 0}, threshold=limits)
    skipped = max(item.payload.skipped_files for item in items)
    if skipped > params.skipped_files:
        message = f"{count(skipped, 'production file')} could not be looked at (binary, too large or not parsable)"
        return not_assessed(Reason.INCOMPLETE, message, observed={"skipped_files": skipped}, threshold=limits)
    state = items[0].payload
    return passed(f"{_unfinished(state)} in {count(state.files, 'file')}", observed=_unfinished_counts(state), threshold=limits)


def _unfinished(state: Any) -> str:
    baseline = f" ({state.baselined} more in the baseline)" if state.baselined else ""
    return f"{count(state.markers, 'marker')}{baseline} and {count(state.unimplemented, 'unimplemented function')}"


def _unfinished_counts(state: Any) -> Json:
    return {"markers": state.markers, "unimplemented": state.unimplemented, "baselined": state.baselined, "files": state.files}


_VERSION_TAG: Final = re.compile(r"(?:.*[-_/@])?v?\d[\w.+-]*")
"""``v1.8.0``, ``1.8``, ``release-1.8-rc.1``, ``package@2.0.0``; not ``latest`` or ``stable``."""


@gate(
    id="ALPHA-PF-3",
    statement="What is released is what is in version control",
    principle=PRINCIPLE,
    area=Area.SECURITY,
    reads=["source"],
    waivable=False,
)
def released_is_versioned(inputs: Inputs, _params: Params) -> Verdict:
    """Reads the state of the working tree, its branch and its tags.

    Asks: The tree is clean, the release branch points at the commit, and an annotated or signed version tag points to exactly this
    commit. For the decision on a change, only the clean tree is asked.

    Why: What was not committed was not reviewed, not tested and cannot be rolled back to. A tag that anybody can move names no release.

    Evidence: The state of the source tree (`compliance collect source`), from a clone with its tags. The release branch is
    `release-branch` in `[project]`.

    Fix: Commit, remove or ignore (`.gitignore`) what git lists as changed, merge to the release branch, then `git tag -a VERSION` (or
    `-s`) on that commit and collect again. In CI, check out the branch by name and fetch the tags.

    Maps to: NIST SSDF PS.1.1, PS.3.1; SOC 2 CC8.1; ISO/IEC 27001:2022 A.8.4, A.8.32.
    """
    states = [item.payload for item in inputs.of("source")]
    expected = str(inputs.project.get("release_branch", "main"))
    released = inputs.point != "change"
    limits = {"modified": 0, "untracked": 0, **({"branch": expected, "version_tag": "annotated or signed"} if released else {})}
    observed = [_state(state) for state in states]
    broken = [why for state in states for why in _not_versioned(state, expected, released)]
    if broken:
        places = [Place(file, "not committed") for state in states for file in state.dirty_files]
        return failed("; ".join(broken), observed=observed, threshold=limits, places=places[:LIMIT])
    lacking = [why for state in states for why in _not_known(state, released)]
    if lacking or not states:
        return not_assessed(Reason.INCOMPLETE, "; ".join(lacking) or "no source tree", observed=observed, threshold=limits)
    tags = ", ".join(tag.name for tag in _version_tags(states[0]))
    message = f"clean tree on {expected}, tagged {tags}" if released else "clean tree"
    return passed(message, observed=observed, threshold=limits)


def _state(state: Any) -> Json:
    return {
        "modified": state.modified,
        "untracked": state.untracked,
        "branch": state.branch,
        "tags": [{"name": tag.name, "annotated": tag.annotated, "signed": tag.signed} for tag in state.tags],
    }


def _version_tags(state: Any) -> list[Any]:
    return [tag for tag in state.tags if (tag.annotated or tag.signed) and _VERSION_TAG.fullmatch(tag.name)]


def _branches(state: Any) -> list[str]:
    """Returns the branch that is checked out and the others that point at the same commit."""
    return list(dict.fromkeys([*([state.branch] if state.branch is not None else []), *state.branches]))


def _not_versioned(state: Any, branch: str, released: bool) -> Iterator[str]:
    if state.modified or state.untracked:
        yield f"{state.modified} modified and {state.untracked} untracked files are not in version control"
    if released and _branches(state) and branch not in _branches(state):
        yield f"the commit is on branch {', '.join(_branches(state))}; expected {branch}"
    if released and not _version_tags(state) and (state.tags or not state.shallow):
        light = ", ".join(tag.name for tag in state.tags)
        yield "no annotated or signed version tag on this commit" + (f" (only {light})" if light else "")


def _not_known(state: Any, released: bool) -> Iterator[str]:
    if state.commit is None:
        yield "the tree has no commit"
    if released and not _branches(state):
        yield "no branch points at the commit, so that the tree does not show which branch it is on"
    if released and state.shallow and not state.tags:
        yield "a shallow clone need not hold the tags of its commit"


@gate(
    id="ALPHA-PF-4",
    statement="The delivery pipeline can fail",
    principle=PRINCIPLE,
    area=Area.SECURITY,
    reads=["pipeline"],
)
def pipeline_can_fail(inputs: Inputs, _params: Params) -> Verdict:
    """Counts gate steps that cannot fail.

    Asks: No gate step of the CI pipeline is neutralised: no `|| true` or `|| echo`, no `continue-on-error: true`, no `set +e`, no
    `exit 0` after a failure, no commented-out security step, no `fail_ci_if_error: false`, no check that only echoes its own success.

    Why: A check that cannot fail is worse than none: everybody believes that somebody checked.

    Evidence: Every workflow file of the pipeline (`compliance collect pipeline`). Steps are judged by what they run, not by their names.

    Fix: Remove what neutralises the step at the listed place and let the job fail. A finding that is accepted for now belongs in a waiver
    with an expiry, not in the pipeline.

    Maps to: NIST SSDF PO.3.2, PO.4.1; SOC 2 CC8.1; ISO/IEC 27001:2022 A.8.25, A.8.29.
    """
    items = inputs.of("pipeline")
    found = [one for item in items for one in item.payload.neutralised]
    jobs = sum(item.payload.jobs for item in items)
    observed = {"neutralised": len(found), "jobs": jobs, "files": len(items)}
    limits = {"neutralised": 0}
    if found:
        kinds = ", ".join(sorted({one.pattern for one in found}))
        message = f"{count(len(found), 'gate step')} cannot fail ({kinds})"
        places = [Place(f"{one.file}:{one.line}", one.what) for one in found[:LIMIT]]
        return failed(message, observed=observed, threshold=limits, places=places)
    if not all(item.payload.jobs for item in items) or not items:
        return not_assessed(Reason.INCOMPLETE, "a pipeline without jobs checks nothing", observed=observed, threshold=limits)
    return passed(f"no gate step of {count(jobs, 'job')} is neutralised", observed=observed, threshold=limits)
