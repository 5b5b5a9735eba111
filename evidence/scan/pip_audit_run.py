"""Collector ``pip-audit``: audits the dependencies of a Python project, with an advisory service or a snapshot of one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from importlib.metadata import version
from typing import Any, Literal

from pydantic import Field, model_validator

from compliance.collecting.process import Finished, last_line, run
from compliance.errors import CollectorError, InputError
from compliance.kind import Collected, Collector, Context, Options, options_of
from compliance.reading.jsonshape import shaped
from compliance.record import Json, Tool, shorten
from compliance.source import Source
from compliance.times import optional_rfc3339

from .manifest import Manifest, declared_in, locked_in
from .osv_snapshot import Snapshot
from .pip_audit import Dependency
from .rows import count_of


class PipAuditOptions(Options):
    """``[collect.scan.pip-audit]``: what to audit is one of ``requirements``, ``lock``, ``project`` and ``environment``.

    When none is given: the project's ``pyproject.toml``, else its ``requirements.txt``.
    """

    requirements: tuple[str, ...] = ()
    """Requirements files, relative to the project's folder; what they need in turn is resolved and audited too."""
    lock: str | None = None
    """Folder with ``pylock.toml`` or ``pylock.NAME.toml`` (PyPA specification), relative to the project's folder; what it names is
    audited, and no package index is asked."""
    project: str | None = None
    """Folder with a ``pyproject.toml``, relative to the project's folder; its ``[project] dependencies`` are resolved and audited."""
    environment: bool = False
    """Audit the packages of the Python environment that runs this toolkit."""
    service: Literal["pypi", "osv"] = "pypi"
    """Advisory service that is asked."""
    osv_url: str | None = Field(default=None, pattern=r"^https?://")
    """Address of another server of the OSV interface, such as a mirror in the company's network; needs ``service = "osv"``."""
    snapshot: str | None = None
    """Advisories in a file instead of a service, for networks without a way out: the zip file of an ecosystem that the OSV project
    publishes, or a folder of such records, relative to the project's folder. Its newest advisory dates the evidence."""
    pinned: bool = False
    """The requirements files name every package with its version (the output of a lock, ``pip freeze``): nothing is resolved, and no
    package index is asked."""

    @model_validator(mode="after")
    def _one_source(self) -> PipAuditOptions:
        if bool(self.requirements) + (self.lock is not None) + (self.project is not None) + self.environment > 1:
            raise ValueError("give one of requirements, lock, project and environment")
        if self.pinned and not self.requirements:
            raise ValueError("pinned needs requirements")
        if self.snapshot is not None and (self.osv_url is not None or "service" in self.model_fields_set):
            raise ValueError("snapshot stands in place of service and osv-url")
        if self.osv_url is not None and self.service != "osv":
            raise ValueError('osv-url needs service = "osv"')
        return self


def _manifest(context: Context, options: PipAuditOptions) -> Manifest:
    if options.environment:
        return Manifest((), None)
    if options.lock is not None:
        return locked_in(context.root, options.lock)
    if options.requirements:
        return declared_in(context.root, requirements=options.requirements)
    if options.project is not None or (context.root / "pyproject.toml").is_file():
        return declared_in(context.root, project=options.project or ".")
    if (context.root / "requirements.txt").is_file():
        return declared_in(context.root, requirements=("requirements.txt",))
    raise CollectorError(
        "pip-audit could not run: no pyproject.toml and no requirements.txt",
        hint="say in [collect.scan.pip-audit] what to audit: requirements, lock, project or environment",
    )


def _collect(context: Context) -> Iterable[Collected]:
    options = options_of(context, PipAuditOptions)
    manifest = _manifest(context, options)
    snapshot = None if options.snapshot is None else _snapshot(context, options.snapshot)
    service = options.service if snapshot is None else "snapshot"
    context.say(f"pip-audit: asking {service}")
    started_at = context.now()
    with nullcontext(options.osv_url) if snapshot is None else snapshot.served() as address:
        # -P: the project's folder must not be on the path of the tool that audits it.
        command = [sys.executable, "-P", "-m", "pip_audit", "-f", "json", "--aliases", "on", "--progress-spinner", "off"]
        command += ["-s", options.service if snapshot is None else "osv", *([f"--osv-url={address}"] if address else [])]
        command += [*(["--no-deps", "--disable-pip"] if options.pinned else []), *manifest.arguments]
        done = run(command, cwd=context.root, timeout_s=options.timeout, env=_environment())
    content, dependencies = _audited(done)
    tool = Tool("pip-audit", version("pip-audit"))
    yield Collected(
        format="pip-audit-json",
        content=content,
        name="pip-audit",
        started_at=started_at,
        finished_at=context.now(),
        tool=tool,
        command=tuple(_without_credentials(part) for part in command),
        exit_code=done.exit_code,
        scope={"declared": manifest.declared, "service": service, **({} if snapshot is None else _scope(snapshot))},
        facts={
            "tool_version": tool.version,
            "ignored_advisories": len(_LEFT_OUT.findall(done.stderr)),
            **({} if snapshot is None else _facts(snapshot, dependencies)),
        },
    )


def _environment() -> dict[str, str]:
    """Returns the environment for pip-audit.

    Its PIP_AUDIT_ variables could redirect the output or ask another service than the one that the evidence names; a proxy must not be
    asked for what this process serves.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("PIP_AUDIT_")}
    for name in ("NO_PROXY", "no_proxy"):
        own[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1")))
    return own


def _snapshot(context: Context, name: str) -> Snapshot:
    context.say(f"pip-audit: reading {name}")
    try:
        return Snapshot.read(context.root / name)
    except InputError as error:
        raise CollectorError(f"pip-audit could not run: {error}", hint="correct [collect.scan.pip-audit] snapshot") from error


def _scope(snapshot: Snapshot) -> dict[str, Json]:
    return {"advisories": snapshot.records, "snapshot": snapshot.sha256}


def _facts(snapshot: Snapshot, dependencies: Iterable[Dependency]) -> dict[str, Json]:
    """Returns what the snapshot knows and pip-audit does not say: its date, and how severe the problems are."""
    found = [(one.name, problem) for one in dependencies for problem in one.vulns or ()]
    severities = {problem.id: snapshot.severity(name, [problem.id, *(problem.aliases or ())]).value for name, problem in found}
    return {"database_at": optional_rfc3339(snapshot.newest), "severities": severities}


_LEFT_OUT = re.compile(rb"^WARNING:pip_audit\._service\S*:", re.MULTILINE)
"""pip-audit drops advisories of an unknown schema or without the list of affected versions, warns, and calls the package clean."""


def _audited(done: Finished) -> tuple[bytes, list[Dependency]]:
    """Returns the report, and what it holds, when at least one dependency was audited, or there was none.

    Raises:
        CollectorError: There is no report, or it says nothing.
    """
    try:
        document = shaped(Source("pip-audit", done.stdout).json, dict[str, Any])
        dependencies = shaped(document.get("dependencies"), list[Dependency])
    except InputError as error:
        raise _could_not_run(_why(done.stderr) or f"exit code {done.exit_code}, no report") from error
    if done.exit_code not in (0, 1):
        raise _could_not_run(_why(done.stderr) or f"exit code {done.exit_code}")
    skips = [item.skip_reason for item in dependencies]
    if skips and all(reason is not None for reason in skips):
        first = shorten(_without_credentials(str(skips[0])), 200)
        raise _could_not_run(f"none of {count_of(len(skips), 'dependency', 'dependencies')} could be audited ({first})")
    return done.stdout, dependencies


def _could_not_run(why: str) -> CollectorError:
    hint = "it needs advisories (`service`, `osv-url` or `snapshot`) and, to resolve requirements, the package index; else ingest a report"
    return CollectorError(f"pip-audit could not run: {why}", hint=hint)


def _why(stderr: bytes) -> str:
    """Returns the line that says what went wrong, without credentials that an index address may carry."""
    line = last_line(stderr)
    if "ConnectionError" in line:
        return "the advisory service cannot be reached (ConnectionError)"
    text = stderr.decode("utf-8", "replace")
    error = re.findall(r"^ERROR: (?!pip)(.+)$", text, flags=re.MULTILINE)
    return shorten(_without_credentials(error[-1] if error else re.sub(r"^\w+:pip_audit\.\S+?:", "", line)), 300)


def _without_credentials(text: str) -> str:
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


PIP_AUDIT = Collector(name="pip-audit", title="Audits Python dependencies with pip-audit", options=PipAuditOptions, collect=_collect)
