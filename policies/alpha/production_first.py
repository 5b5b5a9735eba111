"""Production-first: finished, versioned, tested code behind a pipeline that can fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtLeast, AtMost, Inputs, Item, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed
from compliance.record import Json

from .._say import LIMIT, count, number, worst

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

    Fix: Finish or remove what is listed, or turn it into an issue and delete the marker; what must stay for now goes into a baseline
    with an expiry date.

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


class Probes(Params):
    """Thresholds of ALPHA-PF-2."""

    endpoints: Annotated[tuple[str, ...], Field(min_length=1)] = ("/api/health", "/api/metrics", "/api/about")
    """Paths that must answer, as they were probed."""
    probes: Annotated[int, AtLeast(), Field(ge=1)] = 3
    """Probes of each path, at least (count)."""
    status: Annotated[int, Field(ge=100, le=599)] = 200
    """HTTP status that every answer must have."""


@gate(
    id="ALPHA-PF-2",
    statement="Health, metrics and about endpoints answer",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["health"],
    max_age=timedelta(hours=1),
    points=("production",),
    service_only=True,
    params=Probes,
)
def endpoints_answer(inputs: Inputs, params: Probes) -> Verdict:
    """Reads the probes of the listed endpoints.

    Asks: Every endpoint of the list answered each of at least three probes with status 200 and a body of the declared shape, within the
    last hour. An endpoint without a declared shape is asked for its status alone, and the verdict says so.

    Why: These endpoints are what monitoring and rollback decisions rest on. If they do not answer before the release, nobody will see it
    fail afterwards.

    Evidence: Probes of the running service (`compliance collect health`, or an ingested probe log). The collector's options declare the
    shape of each body that is a JSON object.

    Fix: Call the listed endpoint, read its status and body, and correct the route, the deployment or the declared shape; then probe again.

    Maps to: SOC 2 CC7.2, A1.1; ISO/IEC 27001:2022 A.8.16.
    """
    found = {path: _probed(inputs.of("health"), path) for path in params.endpoints}
    limits = params.model_dump(mode="json")
    observed = {path: {"probes": sum(e.probes for e in many), "failed": sum(e.failed for e in many)} for path, many in found.items()}
    broken = [Place(path, why) for path, many in found.items() for why in _not_answered(many, params)]
    if broken:
        message = "; ".join(f"{place.where}: {place.what}" for place in broken[:3])
        return failed(message, observed=observed, threshold=limits, places=broken[:LIMIT])
    lacking = [f"{path} {why}" for path, many in found.items() if (why := _not_shown(many, params))]
    if lacking:
        reason = Reason.INCOMPLETE if any(found.values()) else Reason.MISSING
        return not_assessed(reason, "; ".join(lacking), observed=observed, threshold=limits)
    shapeless = [path for path, many in found.items() if any(endpoint.shape_ok is None for endpoint in many)]
    note = f"; no shape is declared for {', '.join(shapeless)}" if shapeless else ""
    return passed(f"{count(len(found), 'endpoint')} answered every probe as declared{note}", observed=observed, threshold=limits)


def _probed(items: tuple[Item, ...], path: str) -> list[Any]:
    return [endpoint for item in items for endpoint in item.payload.endpoints if endpoint.path == path]


def _not_answered(endpoints: list[Any], params: Probes) -> Iterator[str]:
    for endpoint in endpoints:
        other = sorted(status for status in endpoint.statuses if status != str(params.status))
        if endpoint.failed:
            yield f"{endpoint.failed} of {endpoint.probes} probes failed"
        if other:
            yield f"answered {', '.join(other)}; expected {params.status}"
        if endpoint.shape_ok is False:
            yield "the body does not have the declared shape"


def _not_shown(endpoints: list[Any], params: Probes) -> str | None:
    probes = sum(endpoint.statuses.get(str(params.status), 0) for endpoint in endpoints)
    if not endpoints:
        return "was not probed"
    if probes < params.probes:
        return f"was probed {probes} times; expected at least {params.probes}"
    return None


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

    Fix: Commit or remove what git lists as changed, merge to the release branch, then `git tag -a vX.Y.Z` (or `-s`) on that commit and
    collect again; in CI, check out the branch by name and fetch the tags.

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


class Tests(Params):
    """Thresholds of ALPHA-PF-5."""

    __test__ = False

    failed: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Failed tests, at most (count)."""
    errors: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Tests that ended in an error, at most (count)."""
    passed: Annotated[int, AtLeast(), Field(ge=1)] = 1
    """Tests that passed, at least (count)."""


@gate(
    id="ALPHA-PF-5",
    statement="Tests pass",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["test-results"],
    params=Tests,
)
def tests_pass(inputs: Inputs, params: Tests) -> Verdict:
    """Counts test cases, not what the file says of itself.

    Asks: No test failed, none ended in an error, at least one passed, and the totals that a file declares equal the cases that it holds.
    Skipped tests may be declared without being listed, as Mocha's writer does.

    Why: A failing test is a known defect. Declared totals that do not match their cases mean that the file was cut, merged or edited.

    Evidence: Test result files of this commit (`compliance collect test-results`, or ingested JUnit files); all files count. Each case
    counts once: error before failure before skipped before passed.

    Fix: Run the listed tests alone, correct the code or the test, and collect again. When totals differ, make the test run write its file
    in one go instead of editing or cutting it.

    Maps to: NIST SSDF PW.8.2; SOC 2 CC8.1; ISO/IEC 27001:2022 A.8.29.
    """
    items = inputs.of("test-results")
    names = ("tests", "passed", "failed", "errors", "skipped")
    counts = {name: sum(getattr(item.payload, name) for item in items) for name in names}
    limits = params.model_dump()
    broken = []
    if counts["failed"] > params.failed or counts["errors"] > params.errors:
        broken.append(f"{counts['failed']} of {count(counts['tests'], 'test')} failed and {counts['errors']} ended in an error")
    broken += [why for item in items for why in _differs(item.payload)]
    if broken:
        return failed("; ".join(broken), observed=counts, threshold=limits, places=worst(items))
    if counts["passed"] < params.passed:
        message = f"{count(counts['passed'], 'test')} passed, {counts['skipped']} skipped; expected at least {params.passed} passed"
        return not_assessed(Reason.INCOMPLETE, message, observed=counts, threshold=limits)
    unlisted = sum(_unlisted(item.payload) for item in items)
    more = f" and {unlisted} more declared as skipped, but not listed" if unlisted else ""
    message = f"{counts['passed']} of {count(counts['tests'], 'test')} passed, {counts['skipped']} skipped{more}"
    return passed(message, observed=counts, threshold=limits)


def _differs(results: Any) -> Iterator[str]:
    """Compares what a file declares with the cases that it holds."""
    unlisted = _unlisted(results)
    pairs = (("tests", "tests", unlisted), ("failures", "failed", 0), ("errors", "errors", 0), ("skipped", "skipped", unlisted))
    for there, here, more in pairs:
        stated = getattr(results.comparable or results.declared, there, None)
        counted = getattr(results, here)
        if stated is not None and stated != counted + more:
            yield f"{there} declared by the file: {stated}, counted in it: {counted}"


def _unlisted(results: Any) -> int:
    """Returns how many skipped tests a file declares without a case of theirs: as many as it lacks cases, or none."""
    totals = results.comparable or results.declared
    tests, skipped = getattr(totals, "tests", None), getattr(totals, "skipped", None)
    lacking = 0 if tests is None else tests - results.tests
    return lacking if lacking > 0 and skipped is not None and skipped - results.skipped == lacking else 0


class CoverageLimits(Params):
    """Thresholds of ALPHA-PF-6."""

    lines_percent: Annotated[float, AtLeast(), Field(ge=0, le=100)] = 80.0
    """Covered lines, at least (percent of executable lines)."""
    branches_percent: Annotated[float, AtLeast(), Field(ge=0, le=100)] = 70.0
    """Covered branches, at least, where they were measured (percent)."""


@gate(
    id="ALPHA-PF-6",
    statement="Tests cover the code",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["coverage"],
    params=CoverageLimits,
)
def tests_cover_the_code(inputs: Inputs, params: CoverageLimits) -> Verdict:
    """Reads line and branch coverage apart.

    Asks: The tests ran at least 80 % of the lines and, where the tool measured branches, at least 70 % of the branches.

    Why: Passing tests say nothing about code that they never ran.

    Evidence: Coverage reports of this commit (`compliance collect coverage`, or ingested files). Each report must keep the limits by
    itself, so join partial reports before. Lines and branches stay apart: a combined percentage hides which of them is low.

    Fix: Write tests for the packages that the report lists with the lowest coverage, error paths first; combine partial reports.

    Maps to: NIST SSDF PW.8.2; ISO/IEC 27001:2022 A.8.29.
    """
    items = inputs.of("coverage")
    limits = params.model_dump()
    observed = [_coverage(item.payload) for item in items]
    broken = [why for item in items for why in _uncovered(item.payload, params)]
    if broken:
        return failed("; ".join(broken), observed=observed, threshold=limits, places=_lowest(items))
    if not all(item.payload.lines_total for item in items) or not items:
        return not_assessed(Reason.INCOMPLETE, "no executable line was measured", observed=observed, threshold=limits)
    return passed("; ".join(_covered(item.payload) for item in items), observed=observed, threshold=limits)


def _percent(part: int, whole: int) -> float:
    """Divides last: the quotient of two integers is rounded once, so that a limit that is reached exactly is reached here too."""
    return 100 * part / whole


def _coverage(report: Any) -> Json:
    lines = _percent(report.lines_covered, report.lines_total) if report.lines_total else None
    branches = _percent(report.branches_covered, report.branches_total) if report.branches_total else None
    return {"lines_percent": lines, "branches_percent": branches}


def _uncovered(report: Any, params: CoverageLimits) -> Iterator[str]:
    pairs = (("lines", params.lines_percent), ("branches", params.branches_percent))
    for what, limit in pairs:
        part, whole = getattr(report, f"{what}_covered"), getattr(report, f"{what}_total")
        if whole and _percent(part or 0, whole) < limit:
            yield f"{part or 0} of {whole} {what} covered ({number(_percent(part or 0, whole))} %); expected at least {number(limit)} %"


def _covered(report: Any) -> str:
    lines = f"{number(_percent(report.lines_covered, report.lines_total))} % of the lines"
    if not report.branches_total:
        return f"{lines} covered; branches were not measured"
    return f"{lines} and {number(_percent(report.branches_covered, report.branches_total))} % of the branches covered"


def _lowest(items: tuple[Item, ...]) -> list[Place]:
    packages = [package for item in items for package in item.payload.packages if package.lines_total]
    packages.sort(key=lambda one: (one.lines_covered / one.lines_total, one.name))
    return [Place(one.name, f"{one.lines_covered} of {one.lines_total} lines covered") for one in packages[:LIMIT]]


@gate(
    id="ALPHA-PF-7",
    statement="Limits and graceful shutdown are configured",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["deployment"],
    required=False,
    service_only=True,
)
def limits_are_configured(inputs: Inputs, _params: Params) -> Verdict:
    """Reads the limits of the deployment descriptor.

    Asks: The deployment descriptor declares a CPU limit, a memory limit, termination handling and rate limiting.

    Why: A service without limits takes its neighbours down with it; one that ignores termination loses requests at every deployment.

    Evidence: The `limits` of a deployment record for this commit and environment.

    Fix: Declare what is named as absent in the deployment descriptor, deploy, and record the deployment with its limits.

    Maps to: SOC 2 A1.1; ISO/IEC 27001:2022 A.8.6, A.8.9.
    """
    declared = [item.payload.limits for item in inputs.of("deployment") if item.payload.limits is not None]
    names = {"cpu": "CPU limit", "memory": "memory limit", "termination": "termination handling", "rate_limit": "rate limiting"}
    observed = [{name: getattr(limits, name) for name in names} for limits in declared]
    absent = [words for name, words in names.items() if not all(getattr(limits, name) for limits in declared)]
    if not declared:
        return not_assessed(Reason.INCOMPLETE, "no deployment record says which limits the descriptor declares", threshold=list(names))
    if absent:
        return failed(f"the descriptor declares no {', no '.join(absent)}", observed=observed, threshold=list(names))
    return passed("CPU, memory, termination and rate limits are declared", observed=observed, threshold=list(names))
