"""LCOV trace files: each line and branch of a file once, totals that contradict them, and what tools put in the fields."""

from __future__ import annotations

import importlib
import random
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings

from compliance.errors import InputError

from .helpers import assert_only_refuses, mutations, read, recognised

module = importlib.import_module("compliance.evidence.coverage.lcov")

RECORD = """TN:
SF:src/a.c
FN:1,main
FNDA:3,main
FNF:1
FNH:1
BRDA:2,0,0,3
BRDA:2,0,1,-
BRDA:7,e1,0,0
BRF:3
BRH:1
DA:1,3
DA:2,18446744073709551616,JtVAXw8h==
DA:4,0
LF:3
LH:2
end_of_record
"""
OTHER = RECORD.replace("src/a.c", "lib\\b.c")


def found(text: str) -> tuple[int, int, int | None, int | None]:
    summary = read("coverage", "lcov", text.encode()).payload.summary()
    return summary["lines_covered"], summary["lines_total"], summary["branches_covered"], summary["branches_total"]


def incomplete(text: str) -> str | None:
    return read("coverage", "lcov", text.encode()).payload.incomplete


def without(*keys: str, text: str = RECORD) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(keys))


def test_lines_and_branches_of_two_files() -> None:
    assert recognised((RECORD + OTHER).encode()) == ["lcov"]
    assert found(RECORD + OTHER) == (4, 6, 2, 6)
    payload = read("coverage", "lcov", (RECORD + OTHER).encode()).payload.model_dump()
    assert (payload["files"], payload["incomplete"]) == (2, None)
    assert [package["name"] for package in payload["packages"]] == ["lib", "src"]


@pytest.mark.parametrize(
    "text",
    [
        without("LF", "LH", "BRF", "BRH"),
        without("LH"),
        without("TN"),
        "# made by hand\n\n" + RECORD + "EOF\n",
        RECORD.replace("\n", "\r\n"),
        RECORD.replace("LF:3\n", "").replace("DA:1,3", "LF:3\nDA:1,3"),
        RECORD.removesuffix("\n"),
        RECORD.replace("end_of_record", "MCDC:2,2,t,1,0,a\nFNL:0,1,9\nFNA:0,3,main\nVER:x\n# y\n\nend_of_record "),
    ],
)
def test_what_may_be_missing_or_stand_between(text: str) -> None:
    assert recognised(text.encode()) == ["lcov"]
    assert (found(text), incomplete(text)) == ((2, 3, 1, 3), None)


def test_a_byte_order_mark() -> None:
    for text in (RECORD, without("TN"), without("TN") * 2):
        data = b"\xef\xbb\xbf" + text.encode()
        assert recognised(data) == ["lcov"]
        assert read("coverage", "lcov", data).payload.summary()["lines_total"] == 3


def test_a_line_that_is_listed_twice_counts_once_and_is_covered_when_one_of_them_is() -> None:
    doubled = RECORD.replace("DA:4,0\n", "DA:4,0\nDA:4,2\nDA:1,0\n").replace("LF:3", "LF:5").replace("LH:2", "LH:3")
    assert (found(doubled), incomplete(doubled)) == ((3, 3, 1, 3), None)
    once = doubled.replace("LF:5", "LF:3")
    assert (found(once), incomplete(once)) == ((3, 3, 1, 3), None)


def test_records_of_one_file_are_merged() -> None:
    second = RECORD.replace("TN:", "TN:other").replace("DA:4,0", "DA:4,1").replace("LH:2", "LH:3").replace("BRDA:2,0,1,-", "BRDA:2,0,1,9")
    second = second.replace("BRH:1", "BRH:2").replace("DA:1,3\n", "DA:11,3\n")
    for text in (RECORD + second, second + RECORD, RECORD + OTHER.replace("lib\\b.c", "src/a.c") + second):
        assert (found(text), incomplete(text)) == ((4, 4, 2, 3), None)
        assert read("coverage", "lcov", text.encode()).payload.model_dump()["files"] == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("LF:3", "LF:30", "the totals of 1 records state 2 of 30 lines and 1 of 3 branches, what they list adds up to 2 of 3 lines"),
        ("LH:2", "LH:3", "the totals of 1 records state 3 of 3 lines and 1 of 3 branches"),
        ("BRF:3", "BRF:2", "the totals of 1 records state 2 of 3 lines and 1 of 2 branches"),
        ("DA:4,0\n", "", "the totals of 1 records state 2 of 3 lines and 1 of 3 branches, what they list adds up to 2 of 2 lines"),
        ("DA:4,0", "DA:4,-7", "1 lines and branches have a negative count"),
        ("BRDA:2,0,1,-", "BRDA:2,0,1,-5", "1 lines and branches have a negative count"),
    ],
)
def test_what_makes_it_incomplete(old: str, new: str, said: str) -> None:
    text = RECORD.replace(old, new)
    assert found(text)[0] == 2
    assert (incomplete(text) or "").startswith(said)
    assert (incomplete(OTHER + text) or "").startswith(said)


LLVM = """SF:/src/a.cpp
DA:3,2
LF:1
LH:1
BRDA:3,0,0,0
BRDA:3,0,1,1
BRDA:3,1,2,0
BRDA:3,1,3,1
BRF:2
BRH:1
end_of_record
"""


def test_llvm_lists_the_branches_of_each_instantiation_and_counts_those_of_one() -> None:
    assert (found(LLVM), incomplete(LLVM)) == ((1, 1, 2, 4), None)
    for old, new in [
        ("BRH:1", "BRH:3"),
        ("BRF:2", "BRF:6"),
        ("BRF:2", "BRF:3"),
        ("BRF:2", "BRF:4"),
        ("3,1,2", "3,1,0"),
        ("3,1,2", "3,1,x"),
    ]:
        assert incomplete(LLVM.replace(old, new)), (old, new)


def test_totals_count_where_nothing_is_listed() -> None:
    assert (found(without("DA:")), incomplete(without("DA:"))) == ((2, 3, 1, 3), None)
    assert (found(without("DA:", "BRDA")), incomplete(without("DA:", "BRDA"))) == ((2, 3, 1, 3), None)
    assert found(without("DA:", "LF", "LH", "BR")) == (0, 0, None, None)
    assert incomplete(without("DA:", "LF", "LH", "BR")) == "no line was measured"


def test_branches_that_are_not_there() -> None:
    assert found(without("BRDA", "BRF", "BRH")) == (2, 3, None, None)
    assert found(without("BRDA").replace("BRF:3", "BRF:0").replace("BRH:1", "BRH:0")) == (2, 3, None, None)
    assert found(without("BRDA", "BRF", "BRH") + OTHER) == (4, 6, 1, 3)


def test_branches_are_text_with_commas() -> None:
    text = RECORD.replace("BRDA:2,0,0,3", "BRDA:2,0,jump to line 4, or 5,3").replace("BRDA:7,e1,0,0", "BRDA:7,0," + "x" * 5000 + ",0")
    assert found(text) == (2, 3, 1, 3)


@pytest.mark.parametrize("count", ["1.84467440737096e+19", "2e+20", "3.5E21"])
def test_counts_beyond_64_bits_are_rounded_numbers(count: str) -> None:
    text = RECORD.replace("DA:2,18446744073709551616,", f"DA:2,{count},").replace("BRDA:2,0,0,3", f"BRDA:2,0,0,{count}")
    assert text.count(count) == 2
    assert (found(text), incomplete(text)) == ((2, 3, 1, 3), None)


def test_a_line_that_did_not_run_with_a_branch_that_was_taken_stays_uncovered() -> None:
    assert found(RECORD.replace("DA:2,18446744073709551616,JtVAXw8h==", "DA:2,0").replace("LH:2", "LH:1"))[:2] == (1, 3)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("DA:4,0", "DA:4", "line 14: DA:4; expected DA:line,count"),
        ("DA:4,0", "DA:4,", "line 14: DA:4,; expected DA:line,count"),
        ("DA:4,0", "DA:four,0", "line 14: DA:four,0; expected DA:line,count"),
        ("DA:4,0", "DA:4,1.5", "line 14: DA:4,1.5; expected DA:line,count"),
        ("DA:4,0", "DA:4,0e+19", "expected DA:line,count"),
        ("DA:4,0", "DA:4,1e-5", "expected DA:line,count"),
        ("DA:4,0", "DA:4,=====", "expected DA:line,count"),
        ("DA:4,0", "DA:-4,0", "expected DA:line,count"),
        ("DA:4,0", "DA:99999999,0", "line 14: line number 99999999; expected below 16777216"),
        ("BRDA:7,e1,0,0", "BRDA:7,0,0", "line 9: BRDA:7,0,0; expected BRDA:line,block,branch,taken"),
        ("BRDA:7,e1,0,0", "BRDA:7,0,0,", "expected BRDA:line,block,branch,taken"),
        ("BRDA:7,e1,0,0", "BRDA:7,0,0,x", "expected BRDA:line,block,branch,taken"),
        ("LF:3", "LF:three", "line 15: LF:three; expected a count"),
        ("LF:3", "LF:9999999999", "expected a count"),
        ("end_of_record\n", "", "line 2: a record that does not end; expected end_of_record, a file that is complete"),
        ("end_of_record\n", "SF:b.c\nend_of_record\n", "line 17: SF:b.c; expected a line of a record, or end_of_record"),
        ("end_of_record", "lcov: ERROR: no data", "line 17: lcov: ERROR: no data; expected a line of a record, or end_of_record"),
        ("end_of_record\n", "end_of_record\nDA:1,1\n", "line 18: DA:1,1; expected TN: or SF:"),
        ("end_of_record\n", "end_of_record\n<html>\n", "line 18: <html>; expected TN: or SF:"),
    ],
)
def test_refused(old: str, new: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        found(RECORD.replace(old, new))
    assert reason in caught.value.reason


def test_totals_alone_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="line 14: LH 2 of LF 1; expected how many of them are covered"):
        found(without("DA:").replace("LF:3", "LF:1"))
    with pytest.raises(InputError, match="LH None of LF 3"):
        found(without("DA:", "LH"))
    with pytest.raises(InputError, match="a file in several records, one of which only states totals"):
        found(RECORD + without("DA:"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"TN:\n",
        b"TN:\nSF:src/a.c\n",
        b"SF: a word\nand another\n",
        b"# notes\nTN: x\nbut no record",
        b"DA:1,1\nend_of_record\n",
        b"geninfo: WARNING\n" + RECORD.encode(),
        b"sf:a\nda:1,1\nend_of_record\n",
        b"name: x\nSF:a\nDA:1,1\n",
        b"-----BEGIN\nSF:a\nDA:1,1\n",
    ],
)
def test_not_recognised(data: bytes) -> None:
    assert recognised(data) == []


def test_recognition_is_quick_on_hostile_heads() -> None:
    started = time.monotonic()
    for part in (b"\n", b" \n", b"#\n", b" ", b"SF:\n", b"SF:\n#", b"TN:\nSF:a\n", b"SF:a\n \n"):
        recognised((b"TN:\n" + part * 65536)[:65536])
        recognised((part * 65536)[:65536])
    assert time.monotonic() - started < 20


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    one = "".join(f"DA:{number},{number % 3}\n" for number in range(1, 4001))
    text = "".join(f"SF:f{number}\n{one}end_of_record\n" for number in range(40)).encode()
    tracemalloc.start()
    assert read("coverage", "lcov", text).payload.summary()["lines_total"] == 160_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
    monkeypatch.setattr(module, "MERGED_LIMIT", 20_000)
    with pytest.raises(InputError, match="too many files with several records"):
        read("coverage", "lcov", text * 2)
    monkeypatch.setattr(module, "FILE_LIMIT", 39)
    with pytest.raises(InputError, match="more than 39 source files"):
        read("coverage", "lcov", text)


def test_counts_are_those_of_a_plain_reading() -> None:
    """Lines and branches in sets and maps, as one would write it without thought for memory."""
    chance = random.Random(7)
    lines: dict[tuple[str, int], bool] = {}
    branches: dict[tuple[str, str], bool] = {}
    text = ""
    for _ in range(60):
        path = chance.choice("abcde")
        text += f"TN:\nSF:{path}\n"
        for _ in range(chance.randrange(1, 30)):
            line, hits = chance.randrange(1, 40), chance.choice((0, 0, 1, 5))
            lines[path, line] = lines.get((path, line), False) or hits > 0
            text += f"DA:{line},{hits}\n"
        for _ in range(chance.randrange(1, 9)):
            branch, taken = f"{chance.randrange(1, 40)},0,{chance.randrange(2)}", chance.choice(("-", "0", "1"))
            branches[path, branch] = branches.get((path, branch), False) or taken == "1"
            text += f"BRDA:{branch},{taken}\n"
        text += "end_of_record\n"
    assert found(text) == (sum(lines.values()), len(lines), sum(branches.values()), len(branches))
    assert incomplete(text) is None


@pytest.mark.parametrize("branches", [False, True])
def test_report_of_a_real_run(tmp_path: Path, branches: bool) -> None:
    (tmp_path / "a.py").write_text("import sys\n\nif len(sys.argv) > 9:\n    x = 1\nelse:\n    x = 2\nfor i in range(2):\n    x += i\n")
    options = ["--branch"] if branches else []
    for command in (["run", *options, "a.py"], ["lcov", "-o", "c.info"]):
        subprocess.run([sys.executable, "-m", "coverage", *command], cwd=tmp_path, capture_output=True, check=True, timeout=120)
    text = (tmp_path / "c.info").read_text()
    assert recognised(text.encode()) == ["lcov"]
    assert (found(text), incomplete(text)) == ((5, 6, *((3, 4) if branches else (None, None))), None)


@settings(max_examples=200, deadline=None)
@given(mutations((RECORD + OTHER).encode()))
def test_only_input_error_leaves(data: bytes) -> None:
    parsed = assert_only_refuses("coverage", "lcov", data)
    if parsed is not None:
        counts = parsed.payload.model_dump()
        assert 0 <= counts["lines_covered"] <= counts["lines_total"]
