"""Results of Apache JMeter, and of the tools that write the same: a JTL, in separated values or XML.

- **Separated values** (``CSVSaveService``): with header or without, any delimiter, ``"`` around fields with delimiters or line breaks
  (see `_jmeter_layout`).
- **XML**: the children of ``<testResults>`` (see `_jmeter_xml`). A file without its end is what a killed run leaves: refused.

A request is a sample: a row, or a child of ``<testResults>``; also that of a transaction controller, which is the sum of its parts and is
counted as JMeter's own listeners count it (``transactions`` says how many there are; in separated values its parts are rows as well). It
failed if JMeter says so: ``success`` is ``false``, whatever the response code is. Times are ``elapsed``, whole milliseconds, over all
samples; percentiles by the nearest rank. Endpoints are labels. Users are the largest ``allThreads``. The run lasts from the first start to
the last end: time stamps are starts, as by JMeter's own settings (``sampleresult.timestamp.start=true``). Dates without zone give a
duration, but no point in time.
"""

from __future__ import annotations

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, Tool
from compliance.source import Source

from . import LoadTest, _jmeter_csv, _jmeter_xml
from ._jmeter_layout import layout
from ._jmeter_samples import Samples


def _parse(source: Source) -> Parsed:
    if source.xml_root is not None:
        samples, columns = _jmeter_xml.read(source), None
    else:
        columns = source.once(layout)
        if columns is None:
            raise InputError("no header and no rows of JMeter", expected="a column elapsed, or rows in JMeter's order")
        samples = _jmeter_csv.read(source, columns)
    measures = samples.tally.measures()
    if samples.unjudged:
        measures |= {"failed": None, "error_rate": None, "endpoints": ()}
    seconds = samples.span.seconds if samples.tally.requests else None
    payload = LoadTest(
        **measures,
        rps=samples.tally.requests / seconds if seconds else None,
        duration_s=seconds,
        users=samples.users,
        transactions=samples.transactions if columns is None or columns.message is not None else None,
        incomplete=_incomplete(samples),
    )
    return Parsed(payload=payload, tool=Tool("JMeter"), observed_at=samples.span.end)


def _incomplete(samples: Samples) -> str | None:
    requests = samples.tally.requests
    if not requests:
        return "no request was made"
    if samples.unjudged:
        return f"{samples.unjudged} of {requests} samples do not say whether they succeeded"
    return f"{samples.tally.untimed} of {requests} samples do not say how long they took" if samples.tally.untimed else None


def _recognise(source: Source) -> bool:
    if source.xml_root is not None:
        return source.xml_root == _jmeter_xml.ROOT
    return not source.head.lstrip().startswith((b"{", b"[", b"<")) and source.once(layout) is not None


jmeter_jtl = Format(
    name="jmeter-jtl",
    title="Load test by JMeter (JTL, in separated values or XML)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("timeStamp", "elapsed", "label", "success"),
)
