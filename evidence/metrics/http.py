"""Scrapes the metrics of a running service, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field, field_validator

from compliance import __version__
from compliance.collecting.httpprobe import address, get
from compliance.errors import CollectorError
from compliance.kind import Collected, Collector, Context, Options, options_of
from compliance.record import Tool

BODY_LIMIT: Final = 64 << 20
"""Bytes of the largest scrape."""
_ACCEPT: Final = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


class HttpOptions(Options):
    """Options of the collector ``http``."""

    url: str
    """Address of the metrics, ``https://.../metrics``, without user, password or query."""
    environment: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Name of the environment that runs there; by default the one that is judged."""

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        return address(url)


def _collect(context: Context) -> Iterator[Collected]:
    options = options_of(context, HttpOptions)
    started = context.now()
    context.say(f"scrapes {options.url}")
    answer = get(
        options.url,
        timeout_s=options.timeout,
        user_agent=f"compliance-toolkit/{__version__}",
        accept=_ACCEPT,
        body_limit=BODY_LIMIT,
    )
    if answer.status != 200:
        found = f"no answer ({answer.error})" if answer.status is None else f"status {answer.status}"
        raise CollectorError(f"{options.url}: {found}; expected 200", hint="look whether the service runs and exposes its metrics there")
    if answer.truncated:
        raise CollectorError(f"{options.url}: more than {BODY_LIMIT} bytes", hint="scrape fewer families")
    yield Collected(
        format="openmetrics",
        content=answer.body,
        name="http",
        started_at=started,
        finished_at=context.now(),
        tool=Tool("compliance-toolkit", __version__),
        scope={"scrapes": 1},
        environment=options.environment or context.subject.environment,
    )


http = Collector(name="http", title="scrapes an endpoint of metrics", options=HttpOptions, collect=_collect)
