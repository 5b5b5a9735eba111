"""A JTL in XML: each child of ``<testResults>`` is one sample.

Samples nested in it are parts of it (a redirect, an embedded file, a request of a transaction) and are not counted again. Its name is
``sample``, ``httpSample``, or, from a plug-in, its Java class. The attributes are those of JMeter since 2.1 (``t``, ``lb``, ``ts``, ``s``,
``na``), or the longer ones before (``time``, ``label``, ``timeStamp``, ``success``).
"""

from __future__ import annotations

from collections.abc import Mapping

from compliance.errors import InputError
from compliance.record import shorten
from compliance.source import Element, Source

from ._jmeter_csv import ELAPSED, FLAGS, TRANSACTION, Samples

ROOT = "testResults"


def read(source: Source) -> Samples:
    """Counts the samples of a file; bodies of answers are dropped as they go by.

    Raises:
        InputError: Not well-formed, cut off, or an attribute that is no value.
    """
    samples, path = Samples(), list[Element]()
    if source.xml_root != ROOT:
        raise InputError(f"root element <{shorten(source.xml_root or '', 60)}>", expected=f"<{ROOT}>", where="/")
    try:
        for event, element in source.xml():
            if event == "end":
                path.pop()
                if path:
                    path[-1].clear()
                continue
            if len(path) == 1:
                _add(element, samples)
            path.append(element)
    except InputError as error:
        if error.found in ("no element found", "unclosed token") or error.found.startswith("unclosed"):
            raise InputError(
                "cut off: the end is missing", expected=f"</{ROOT}>, as a run writes that is not killed", where=error.where
            ) from error
        raise
    if not samples.tally.requests:
        samples.users = None
    return samples


def _add(element: Element, samples: Samples) -> None:
    attributes = element.attrib
    number = samples.tally.requests + 1
    elapsed, flag, stamp = (_first(attributes, *names) for names in (("t", "time"), ("s", "success"), ("ts", "timeStamp")))
    if elapsed is None and flag is None:
        raise InputError(f"<{shorten(element.tag, 60)}>", expected="a sample, with t or s", where=f"child {number} of <{ROOT}>")
    for what, text, good in (("t", elapsed, ELAPSED.fullmatch), ("s", flag, FLAGS.__contains__)):
        if text is not None and not good(text):
            expected = "whole milliseconds" if what == "t" else "true or false"
            raise InputError(f'{what}="{shorten(text, 40)}"', expected=expected, where=f"sample {number}")
    if attributes.get("sc", "1") != "1":
        raise InputError(
            f'sc="{shorten(attributes["sc"], 40)}"',
            expected="1: several samples in one hold the sum of their times",
            where=f"sample {number}",
        )
    if flag is None:
        samples.unjudged += 1
    ms = None if elapsed is None else int(elapsed)
    samples.tally.add(_first(attributes, "lb", "label"), ms, None if flag is None else FLAGS[flag])
    samples.span.add_text(stamp or "", ms or 0)
    samples.add_users([attributes.get("na", "")])
    samples.transactions += attributes.get("rm", "").startswith(TRANSACTION)


def _first(attributes: Mapping[str, str], *names: str) -> str | None:
    return next((attributes[name] for name in names if name in attributes), None)
