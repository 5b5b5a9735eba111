"""Reading one file of each family of formats, against the fastest known reader of that family.

Ours: recognised by its format and parsed into the payload and the findings, as ``ingest`` does it, without the store. The floors read the
same file from the same path:

- JSON documents: ``json.loads`` with a hook that refuses duplicate keys;
- JSON lines: msgspec decodes each line into plain values; a second line is against jiter, the fastest reader that refuses duplicate keys;
- XML: ``lxml.etree.iterparse``, beginnings and ends, each element cleared when it ends;
- separated values: polars computes the same figures (counts, failures, percentiles, span) with its lazy reader.

They keep nothing, and judge nothing but that. Libraries are imported before the clock starts, on both sides.
"""

from __future__ import annotations

import gc
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import data
import measure

GOAL = 1.5


@dataclass(frozen=True)
class Family:
    """A file, what reads it, and what its floor is."""

    what: str
    kind: str
    format: str
    file: Callable[[Path, int], Path]
    count: int
    floor: str
    goal: float | None = GOAL
    strict_floor: str | None = None
    """A second floor, without goal, which refuses duplicate keys as the toolkit must."""


FAMILIES = (
    Family("SARIF, {count:,} results", "scan", "sarif", data.sarif, 20_000, "json_document"),
    Family("Artillery report, {count:,} periods", "load-test", "artillery-json", data.artillery, 20_000, "json_document"),
    Family("JSON log, {count:,} lines", "audit-log", "jsonl-log", data.jsonl, 100_000, "json_lines", GOAL, "strict_lines"),
    Family(
        "CloudTrail, {count:,} events, one per line",
        "audit-log",
        "cloudtrail-json",
        data.cloudtrail,
        50_000,
        "json_lines",
        GOAL,
        "strict_lines",
    ),
    Family(
        "Google Cloud, {count:,} entries, one per line",
        "audit-log",
        "gcp-audit-json",
        data.gcp_audit,
        50_000,
        "json_lines",
        GOAL,
        "strict_lines",
    ),
    Family(
        "Kubernetes, {count:,} events, one per line",
        "audit-log",
        "k8s-audit-json",
        data.kubernetes_audit,
        50_000,
        "json_lines",
        GOAL,
        "strict_lines",
    ),
    Family("JUnit XML, {count:,} cases", "test-results", "junit-xml", data.junit, 100_000, "xml"),
    Family("Cobertura XML, {count:,} classes", "coverage", "cobertura-xml", data.cobertura, 5_000, "xml"),
    Family("JaCoCo XML, {count:,} source files", "coverage", "jacoco-xml", data.jacoco, 5_000, "xml"),
    Family("CycloneDX XML, {count:,} components", "sbom", "cyclonedx-xml", data.cyclonedx_xml, 20_000, "xml"),
    Family("JMeter XML, {count:,} samples", "load-test", "jmeter-jtl", data.jtl_xml, 50_000, "xml"),
    Family("JMeter CSV, {count:,} samples", "load-test", "jmeter-jtl", data.jtl, 1_000_000, "separated"),
    Family("JMeter CSV, every hundredth row with quotes", "load-test", "jmeter-jtl", data.jtl_quoted, 1_000_000, "separated"),
)


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        for number, family in enumerate(FAMILIES):
            file = family.file(Path(name) / str(number), family.count)
            size = file.stat().st_size / 1e6
            yield _paired(family, file, family.floor, repeat).line(f"{family.what.format(count=family.count)}, {size:.0f} MB", family.goal)
            if family.strict_floor is not None:
                yield _paired(family, file, family.strict_floor, repeat).line("the same, against a floor that refuses duplicate keys")
            file.unlink()


def _paired(family: Family, file: Path, floor: str, repeat: int) -> measure.Pair:
    pair = measure.paired(
        lambda: measure.call("read:ours", str(file), family.kind, family.format),
        lambda: measure.call(f"read:{floor}", str(file)),
        repeat,
    )
    counts = {sample.result for sample in pair.ours}
    if len(counts) != 1 or not counts.pop():
        raise SystemExit(f"read: {family.what} gave {counts}")
    return pair


def ours(file: str, kind: str, name: str) -> Callable[[], int]:
    """The toolkit: recognises the file and parses it."""
    from compliance.catalog import shipped
    from compliance.source import Source

    if name == "jmeter-jtl":
        import polars  # noqa: F401

    form = next(form for form in shipped().kinds[kind].formats if form.name == name)

    def run() -> int:
        source = Source.from_path(Path(file))
        if not form.recognise(source):
            raise SystemExit(f"{file} is not recognised as {name}")
        return len(form.read(source)[0].payload.model_dump_json())

    return run


def json_document(file: str) -> Callable[[], int]:
    """``json.loads``, with a check of duplicate keys in each object."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise SystemExit("a key comes twice")
        return found

    def run() -> int:
        gc.disable()
        return len(json.loads(Path(file).read_bytes(), object_pairs_hook=unique))

    return run


def json_lines(file: str) -> Callable[[], int]:
    """msgspec, line by line."""
    import msgspec

    decode = msgspec.json.Decoder().decode

    def run() -> int:
        with Path(file).open("rb") as stream:
            return sum(1 for line in stream if decode(line))

    return run


def strict_lines(file: str) -> Callable[[], int]:
    """jiter, line by line: it refuses duplicate keys."""
    from jiter import from_json

    def run() -> int:
        with Path(file).open("rb") as stream:
            return sum(1 for line in stream if from_json(line, catch_duplicate_keys=True))

    return run


def xml(file: str) -> Callable[[], int]:
    """lxml, element by element."""
    from lxml import etree  # type: ignore[import-untyped]

    def run() -> int:
        count = 0
        for event, element in etree.iterparse(file, events=("start", "end")):
            if event == "end":
                count += 1
                element.clear()
        return count

    return run


def separated(file: str) -> Callable[[], int]:
    """Polars: the figures of each label and of all rows."""
    import polars as pl

    def run() -> int:
        elapsed, stamp = pl.col("elapsed"), pl.col("timeStamp")
        ranks = [elapsed.quantile(rank).alias(f"p{rank}") for rank in (0.5, 0.95, 0.99)]
        counts = [pl.len(), (~pl.col("success")).sum().alias("failed"), *ranks, elapsed.max().alias("max"), elapsed.mean().alias("mean")]
        span = [stamp.min().alias("first"), (stamp + elapsed).max().alias("last"), pl.col("allThreads").max().alias("users")]
        frame = pl.scan_csv(file)
        labels, overall = pl.collect_all([frame.group_by("label").agg(counts), frame.select([*counts, *span])])
        return int(labels.height + overall.height)

    return run
