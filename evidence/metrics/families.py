"""What a family tells, by its name: latency, errors, availability, throughput.

A name is cut into words at ``_``, ``:``, ``.`` and capitals. What a language's runtime exposes about itself (``go_``, ``jvm_``, ...) and
what the scrape tells about itself tell nothing about the service, an uptime apart; nor do the times of creation.

- latency: ``latency``, ``duration``, ``elapsed``, ``rtt``, or requests in units of time (``http_request_seconds``, ``response_time``)
- errors: ``error``, ``failure``, ``exception``, ``5xx`` and the like, or requests with a label for their status
- availability: ``up``, ``uptime``, ``probe_success``, ``health``, ``available``, ``ready``, ``alive`` and the like
- throughput: requests, queries, calls, messages and the like, as a counter, or as a histogram or summary, whose count is one
"""

from __future__ import annotations

import re
from typing import Final

from . import Topic

_RUNTIME: Final = re.compile(r"(?:go|process|python|jvm|nodejs|dotnet|ruby|erlang|beam|scrape|promhttp|tokio)_")
_LATENCY: Final = frozenset({"latency", "latencies", "duration", "durations", "elapsed", "rtt"})
_TIME_OF_REQUESTS: Final = re.compile(
    r"(?:request|requests|response|responses|http|rpc|grpc|query|handler|call)s?_(?:\w+_)?(?:time|seconds|milliseconds|ms|microseconds)\b"
)
_ERRORS: Final = frozenset(
    {"error", "errors", "err", "errs", "failure", "failures", "failed", "fail", "exception", "exceptions", "5xx", "rejected", "panics"}
)
_STATUS: Final = re.compile(r"(?:^|,)\s*(?:http_|grpc_|response_)?(?:response_)?(?:status_code|status|code|outcome|result)\s*=")
_AVAILABILITY: Final = frozenset(
    {"up", "uptime", "availability", "available", "unavailable", "health", "healthy", "unhealthy", "healthcheck", "ready", "readiness"}
    | {"alive", "liveness", "heartbeat", "healthz"}
)
_WORK: Final = frozenset(
    {"request", "requests", "responses", "queries", "calls", "messages", "transactions", "operations", "ops", "hits", "jobs", "tasks"}
    | {"handled", "throughput", "rps", "qps", "events", "commands", "invocations"}
)
_COUNTS: Final = ("counter", "histogram", "summary")


def words(name: str) -> set[str]:
    """Cuts a name into lower-case words."""
    found: set[str] = set()
    for token in re.findall(r"[A-Za-z0-9]+", name):
        found.add(token.lower())
        found.update(part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", token))
    return found


def has_status(labels: str) -> bool:
    """Says whether labels, as they are written, tell how a request ended."""
    return _STATUS.search(labels) is not None


def topics(name: str, type_: str, status: bool) -> set[Topic]:
    """Returns what a family tells.

    Args:
        name: Its name.
        type_: Its type.
        status: Whether any of its samples has a label for the status of a request.
    """
    said = words(name)
    if name.endswith("_created"):
        return set()
    if _RUNTIME.match(name):
        return {"availability"} if "uptime" in said else set()
    found: set[Topic] = set()
    if said & _LATENCY or _TIME_OF_REQUESTS.search(name):
        found.add("latency")
    if said & _ERRORS or (status and said & _WORK):
        found.add("errors")
    if said & _AVAILABILITY or name == "probe_success":
        found.add("availability")
    if said & _WORK and (type_ in _COUNTS or name.endswith(("_total", "_count")) or said & {"rps", "qps", "throughput"}):
        found.add("throughput")
    return found
