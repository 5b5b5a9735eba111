"""ZAP: its traditional JSON report, with and without requests and responses.

Format: "Traditional JSON Report" of ZAP's documentation, and the template of its add-on for reports. One alert of one site is one finding,
whatever number of addresses (``instances``) it has.

- Severities by ``riskcode``: 3 high, 2 medium, 1 low, 0 info. ZAP has no critical.
- An alert with the confidence 0 is one that somebody marked as a false positive: suppressed.
- A report without a site looked at nothing, and is incomplete; so is one in which ZAP says since version 2.17 (``insights``) that many
  requests or logins of its own failed. What else went wrong stands in its log only.
- ``created`` is the time; ``@generated``, all that older versions write, has no zone.
- Values of headers and parameters that are named like secrets are masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct, field

from compliance.errors import InputError
from compliance.kind import Format, Mask
from compliance.reading.jsontext import elements, members
from compliance.record import Finding, Parsed, Severity, Tool, shorten
from compliance.source import Source

from .masking import Masker
from .rows import Rows, dumps, reasons, shaped, statement, time_of

_RISKS: Final = {"0": Severity.INFO, "1": Severity.LOW, "2": Severity.MEDIUM, "3": Severity.HIGH}
_CONFIDENCES: Final = {"0": "false positive", "1": "low", "2": "medium", "3": "high", "4": "confirmed"}
_FAILURES: Final = ("insight.network.failure", "insight.auth.failure")
_GRAVE: Final = ("Medium", "High")
_NAMED: Final = ("@programName", "@version", "@generated")
_HEADERS: Final = re.compile(
    r"^((?:Proxy-)?Authorization|Cookie|Set-Cookie|[\w-]*(?:Key|Token|Secret)[\w-]*):[ \t]*([^\r\n]+)", re.IGNORECASE | re.MULTILINE
)
_MESSAGES: Final = ("request-header", "response-header")
_PARAMETERS: Final = ("uri", "nodeName", "request-body")


class _Instance(Struct):
    uri: str | None = None


class _Alert(Struct):
    riskcode: str | int
    pluginid: str | int | None = None
    reference: str | None = field(name="alertRef", default=None)
    alert: str | None = None
    name: str | None = None
    confidence: str | int | None = None
    instances: list[_Instance] | None = None


class _Site(Struct):
    name: str | None = field(name="@name", default=None)
    alerts: list[_Alert] | None = None


class _Insight(Struct):
    key: str | None = None
    level: str | None = None
    description: str | None = None
    statistic: Any = None


class _Report(Struct):
    site: list[_Site] | _Site
    version: str | None = field(name="@version", default=None)
    created: str | None = None
    insights: list[_Insight] | None = None


def _recognise(source: Source) -> bool:
    found = source.json_members
    if "site" not in found or not any(name in found for name in _NAMED):
        return False
    try:
        sites = elements(found["site"]) if bytes(memoryview(found["site"])[:1]) == b"[" else [found["site"]]
        return not sites or {"@name", "alerts"} <= members(sites[0]).keys()
    except InputError:
        return False


def _parse(source: Source) -> Parsed:
    report = shaped(source.json, _Report)
    sites = [report.site] if isinstance(report.site, _Site) else report.site
    rows = Rows()
    for number, site in enumerate(sites):
        for place, alert in enumerate(site.alerts or ()):
            rows.add(_finding(alert, site.name or "", rows, f"/site/{number}/alerts/{place}"))
    return statement(
        rows,
        Tool("ZAP", shorten(report.version, 100) if report.version else None),
        "dast",
        incomplete=reasons(None if sites else "no site was looked at", *(_failure(one) for one in report.insights or ())),
        observed_at=time_of(report.created),
    )


def _finding(alert: _Alert, site: str, rows: Rows, where: str) -> Finding:
    risk, confidence = str(alert.riskcode).strip(), None if alert.confidence is None else str(alert.confidence).strip()
    if risk not in _RISKS:
        raise InputError(shorten(repr(alert.riskcode), 40), expected="0, 1, 2 or 3", where=f"{where}/riskcode")
    if confidence is not None and confidence not in _CONFIDENCES:
        raise InputError(shorten(repr(alert.confidence), 40), expected="0 to 4", where=f"{where}/confidence")
    rule = shorten(alert.reference or (str(alert.pluginid) if alert.pluginid is not None else "") or "unknown", 200)
    text = alert.alert or alert.name
    address = next((one.uri for one in alert.instances or () if one.uri), None) or site
    return Finding(
        rule=rule,
        severity=_RISKS[risk].value,
        state="suppressed" if confidence == "0" else "open",
        confidence=_CONFIDENCES[confidence] if confidence else None,
        fingerprint=rows.unique(rule, site, text),
        path=shorten(re.split(r"[?#]", address)[0], 1000) or None,
        message=shorten(text) if text else None,
    )


def _failure(insight: _Insight) -> str | None:
    if insight.key not in _FAILURES or insight.level not in _GRAVE:
        return None
    return f"ZAP says of its run: {shorten(insight.description or insight.key, 100)}: {shorten(str(insight.statistic), 20)}"


def _redact(source: Source, mask: Mask) -> bytes | None:
    """Masks what stands in headers and parameters that are named like secrets."""
    document = source.json
    masker = Masker(mask)
    for instance in _instances(document):
        for name in _MESSAGES:
            if isinstance(text := instance.get(name), str):
                instance[name] = _HEADERS.sub(lambda match: f"{match[1]}: {masker(match[2])}", text)
        for name in _PARAMETERS:
            if isinstance(text := instance.get(name), str):
                instance[name] = "&".join(masker.assignments(part) for part in text.split("&"))
    return dumps(document) if masker.used else None


def _instances(document: Any) -> Iterator[dict[str, Any]]:
    sites = document.get("site") if isinstance(document, dict) else None
    for site in sites if isinstance(sites, list) else [sites]:
        alerts = site.get("alerts") if isinstance(site, dict) else None
        for alert in alerts if isinstance(alerts, list) else ():
            listed = alert.get("instances") if isinstance(alert, dict) else None
            yield from (one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, dict))


ZAP_JSON = Format(
    name="zap-json",
    title="ZAP report (traditional JSON: zap-baseline.py -J FILE)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    redact=_redact,
    marks=("@version", "site", '"alerts"', '"riskcode"'),
)
