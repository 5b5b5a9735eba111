"""pip-audit: its JSON report, and running it.

Format: the ``json`` format of pip-audit 2.x: ``{"dependencies": [...], "fixes": [...]}``; before 2.5 the bare list of dependencies.

A dependency that could not be audited has a ``skip_reason`` and no ``vulns``: it is not clean. pip-audit exits with 0 and says "No known
vulnerabilities found" even when it skipped every one of them, so the count of skipped ones decides here, never the exit code.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Literal

from msgspec import Struct
from pydantic import Field, model_validator

from compliance.errors import CollectorError, InputError
from compliance.jsontext import elements, members
from compliance.kind import Collected, Collector, Context, Format, Options, options_of
from compliance.process import Finished, last_line, run
from compliance.record import Finding, Parsed, Severity, Tool, shorten
from compliance.source import Source

from . import Scan
from .manifest import Manifest, declared_in
from .rows import Rows, count_of, reasons, shaped


class _Vulnerability(Struct):
    id: str
    fix_versions: list[str] | None = None
    description: str | None = None


class _Dependency(Struct):
    name: str
    version: str | None = None
    skip_reason: str | None = None
    vulns: list[_Vulnerability] | None = None


def _recognise(source: Source) -> bool:
    try:
        if source.head.lstrip()[:1] == b"[":
            return _is_dependency_list(source.document)
        found = source.json_members
        if set(found) - {"dependencies", "fixes"} or "dependencies" not in found:
            return False
        return _is_dependency_list(found["dependencies"]) or ("fixes" in found and not elements(found["dependencies"]))
    except InputError:
        return False


def _is_dependency_list(text: Any) -> bool:
    """Whether this is a list of dependencies; an empty list could be anything."""
    items = elements(text)
    keys = members(items[0]).keys() if items else set[str]()
    return "name" in keys and bool({"vulns", "skip_reason"} & keys) and keys <= {"name", "version", "vulns", "skip_reason"}


def _parse(source: Source) -> Parsed:
    document = source.json
    where = ""
    if isinstance(document, dict):
        if "dependencies" not in document:
            raise InputError("no member dependencies", expected="a pip-audit report")
        document, where = document["dependencies"], "/dependencies"
    dependencies = shaped(document, list[_Dependency], where)
    rows = Rows()
    skipped = 0
    for number, dependency in enumerate(dependencies):
        if (dependency.skip_reason is None) == (dependency.vulns is None):
            raise InputError("a dependency", expected="one with either vulns or skip_reason", where=f"{where}/{number}")
        skipped += dependency.vulns is None
        for vulnerability in dependency.vulns or ():
            rows.add(_finding(dependency, vulnerability, rows))
    named, ignored = source.facts.get("tool_version"), source.facts.get("ignored_advisories")
    tool = Tool("pip-audit", named if isinstance(named, str) else None)
    payload = _payload(tool, rows, len(dependencies), skipped, ignored if isinstance(ignored, int) else 0)
    return Parsed(payload=payload, findings=rows.findings, tool=tool)


def _payload(tool: Tool, rows: Rows, found: int, skipped: int, ignored: int) -> Scan:
    return Scan(
        tool=tool.name,
        tool_version=tool.version,
        category="sca",
        total=rows.total,
        by_severity=rows.by_severity,
        suppressed=0,
        scanned=found - skipped,
        scanned_what="packages",
        errors=None,
        skipped=skipped,
        rules=None,
        lines=None,
        incomplete=reasons(
            f"{skipped} of {count_of(found, 'dependency', 'dependencies')} could not be audited" if skipped else None,
            f"pip-audit left out {count_of(ignored, 'advisory', 'advisories')} that it could not read" if ignored else None,
        ),
    )


def _finding(dependency: _Dependency, vulnerability: _Vulnerability, rows: Rows) -> Finding:
    """Makes a finding; pip-audit gives no severity (pypa/pip-audit issue 654), so it is ``unknown``."""
    return Finding(
        rule=vulnerability.id,
        severity=Severity.UNKNOWN.value,
        package=dependency.name,
        package_version=dependency.version,
        fixed_in=", ".join(vulnerability.fix_versions or ()) or None,
        fingerprint=rows.unique(vulnerability.id, dependency.name),
        message=shorten(vulnerability.description) if vulnerability.description else None,
    )


PIP_AUDIT_JSON = Format(name="pip-audit-json", title="pip-audit report (pip-audit -f json)", parser=2, recognise=_recognise, parse=_parse)


class PipAuditOptions(Options):
    """``[collect.scan.pip-audit]``: what to audit is one of ``requirements``, ``project`` and ``environment``.

    When none is given: the project's ``pyproject.toml``, else its ``requirements.txt``.
    """

    requirements: tuple[str, ...] = ()
    """Requirements files, relative to the project's folder; what they need in turn is resolved and audited too."""
    project: str | None = None
    """Folder with a ``pyproject.toml``, relative to the project's folder; its ``[project] dependencies`` are resolved and audited."""
    environment: bool = False
    """Audit the packages of the Python environment that runs this toolkit."""
    service: Literal["pypi", "osv"] = "pypi"
    """Advisory service that is asked."""
    osv_url: str | None = Field(default=None, pattern=r"^https?://")
    """Address of another server of the OSV interface, such as a mirror in the company's network; needs ``service = "osv"``."""

    @model_validator(mode="after")
    def _one_source(self) -> PipAuditOptions:
        if bool(self.requirements) + (self.project is not None) + self.environment > 1:
            raise ValueError("give one of requirements, project and environment")
        if self.osv_url is not None and self.service != "osv":
            raise ValueError('osv-url needs service = "osv"')
        return self


def _manifest(context: Context, options: PipAuditOptions) -> Manifest:
    if options.environment:
        return Manifest((), None)
    if options.requirements:
        return declared_in(context.root, requirements=options.requirements)
    if options.project is not None or (context.root / "pyproject.toml").is_file():
        return declared_in(context.root, project=options.project or ".")
    if (context.root / "requirements.txt").is_file():
        return declared_in(context.root, requirements=("requirements.txt",))
    raise CollectorError(
        "pip-audit could not run: no pyproject.toml and no requirements.txt",
        hint="say in [collect.scan.pip-audit] what to audit: requirements, project or environment",
    )


def _collect(context: Context) -> Iterable[Collected]:
    options = options_of(context, PipAuditOptions)
    manifest = _manifest(context, options)
    # -P: the project's folder must not be on the path of the tool that audits it.
    command = [sys.executable, "-P", "-m", "pip_audit", "-f", "json", "--progress-spinner", "off", "-s", options.service]
    command += [f"--osv-url={options.osv_url}"] if options.osv_url else []
    command += manifest.arguments
    # Its PIP_AUDIT_ variables could redirect the output or ask another service than the one that the evidence names.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_AUDIT_")}
    context.say(f"pip-audit: asking {options.service}")
    started_at = context.now()
    done = run(command, cwd=context.root, timeout_s=options.timeout, env=environment)
    tool = Tool("pip-audit", version("pip-audit"))
    content = _audited(done)
    yield Collected(
        format=PIP_AUDIT_JSON.name,
        content=content,
        name="pip-audit",
        started_at=started_at,
        finished_at=context.now(),
        tool=tool,
        command=tuple(_without_credentials(part) for part in command),
        exit_code=done.exit_code,
        scope={"declared": manifest.declared, "service": options.service},
        facts={"tool_version": tool.version, "ignored_advisories": len(_LEFT_OUT.findall(done.stderr))},
    )


_LEFT_OUT = re.compile(rb"^WARNING:pip_audit\._service\S*:", re.MULTILINE)
"""pip-audit drops advisories of an unknown schema or without the list of affected versions, warns, and calls the package clean."""


def _audited(done: Finished) -> bytes:
    """Returns the report when at least one dependency was audited, or there was none.

    Raises:
        CollectorError: There is no report, or it says nothing.
    """
    try:
        dependencies = shaped(Source("pip-audit", done.stdout).json, dict[str, Any]).get("dependencies")
        skips = [item.skip_reason for item in shaped(dependencies, list[_Dependency])]
    except InputError as error:
        raise _could_not_run(_why(done.stderr) or f"exit code {done.exit_code}, no report") from error
    if done.exit_code not in (0, 1):
        raise _could_not_run(_why(done.stderr) or f"exit code {done.exit_code}")
    if skips and all(reason is not None for reason in skips):
        first = shorten(_without_credentials(str(skips[0])), 200)
        raise _could_not_run(f"none of {count_of(len(skips), 'dependency', 'dependencies')} could be audited ({first})")
    return done.stdout


def _could_not_run(why: str) -> CollectorError:
    hint = "it needs its advisory service (`service`, `osv-url`) and, to resolve requirements, the package index; else ingest a report"
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
