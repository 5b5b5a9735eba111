"""Rows of separated values: read by one pattern as they are field by field."""

from __future__ import annotations

import importlib

from hypothesis import example, given, settings
from hypothesis import strategies as st

from compliance.errors import InputError

from .helpers import format_of

rows = importlib.import_module(format_of("load-test", "jmeter-jtl").parse.__module__.rpartition(".")[0] + "._csv")


@settings(max_examples=2000, deadline=None)
@given(st.text(st.sampled_from('a1",;\r\n\té'), max_size=14), st.sampled_from([",", ";", "\t", "|"]), st.integers(1, 4))
@example('"a""b",c\r\n', ",", 2)
@example('"",', ",", 2)
@example('a,"b\n', ",", 2)
def test_a_row_that_is_read_as_a_whole_has_the_fields_of_one_read_field_by_field(text: str, delimiter: str, width: int) -> None:
    try:
        row, end = rows.read_row(text, 0, delimiter, 1)
    except InputError:
        row, end = [], -1
    expected = row if len(row) == width and end == len(text) else None
    assert rows.whole_row(text, delimiter, width) == expected
