from __future__ import annotations

import pytest

from compliance.cli.table import wrap


@pytest.mark.parametrize("text", ["四个汉字 and words", "done \u2705 with it, \u2705 all of it", "汉" * 25])
def test_wide_characters_take_two_columns(text: str) -> None:
    lines = wrap(text, 10)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(sum(1 if one.isascii() else 2 for one in line) <= 10 for line in lines)
