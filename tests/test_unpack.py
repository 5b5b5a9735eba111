"""Archives and compressed files are read as what they hold, within limits, and nothing of them leads outside."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import zstandard

from compliance.errors import InputError
from compliance.reading import unpack
from compliance.record import sha256_hex
from compliance.source import Source
from compliance.store import Store
from tests.test_intake import JUNIT, Place

REPORT = JUNIT % b"2026-02-01T00:00:00Z"


def zipped(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


ARCHIVES: dict[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "a.zip": zipped,
    "a.tar": tarred,
    "a.tar.gz": lambda files: gzip.compress(tarred(files)),
    "a.tar.zst": lambda files: zstandard.compress(tarred(files)),
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("packed", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_compressed_file_is_the_file_that_it_holds(place: Place, packed: Callable[[bytes], bytes]) -> None:
    (outcome,) = place.ingest(place.write("j.xml.packed", packed(REPORT)))
    assert (outcome.status, outcome.format, outcome.sha256) == ("recorded", "junit-xml", sha256_hex(REPORT))
    assert place.ingest(place.write("j.xml", REPORT))[0].status == "duplicate"


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_are_walked_like_folders(place: Place, name: str) -> None:
    archive = place.write(name, ARCHIVES[name]({"reports/j.xml": REPORT, "notes.txt": b"nothing\n", "inner.xml.gz": gzip.compress(REPORT)}))
    outcomes = {outcome.path: outcome.status for outcome in place.ingest(archive)}
    assert outcomes == {f"{name}/reports/j.xml": "recorded", f"{name}/notes.txt": "unrecognised", f"{name}/inner.xml.gz": "duplicate"}


def test_archives_in_folders_are_opened_if_their_name_says_that_they_hold_files(place: Place) -> None:
    (place.root / "in").mkdir()
    place.write("in/a.zip", zipped({"j.xml": REPORT}))
    place.write("in/some.whl", zipped({"k.xml": REPORT}))
    found = {one.path: one.status for one in place.ingest(place.root / "in")}
    assert found == {"in/a.zip/j.xml": "recorded", "in/some.whl": "unrecognised"}


@pytest.mark.parametrize("name", ["../j.xml", "/etc/j.xml", "a/../../j.xml", "C:\\j.xml", "..\\j.xml"])
@pytest.mark.parametrize("make", [zipped, tarred])
def test_a_name_that_leads_out_of_the_archive_is_refused_and_the_rest_is_read(
    place: Place, make: Callable[[Mapping[str, bytes]], bytes], name: str
) -> None:
    bad, good = place.ingest(place.write("a.zip", make({name: REPORT, "j.xml": REPORT})))
    assert (bad.status, good.status) == ("refused", "recorded")
    assert "leads out of the archive" in (bad.reason or "")
    assert not (place.root.parent / "j.xml").exists()


def test_links_and_devices_are_no_files(place: Place) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for kind, target in ((tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, "/etc/passwd"), (tarfile.CHRTYPE, "")):
            info = tarfile.TarInfo(f"link-{kind.decode()}")
            info.type, info.linkname = kind, target
            archive.addfile(info)
    assert place.ingest(place.write("a.tar", made.getvalue())) == []


@pytest.mark.parametrize("make", [gzip.compress, lambda data: zipped({"j.xml": data}), lambda data: gzip.compress(tarred({"j.xml": data}))])
def test_a_bomb_is_refused_before_it_is_unpacked(place: Place, monkeypatch: pytest.MonkeyPatch, make: Callable[[bytes], bytes]) -> None:
    monkeypatch.setattr(unpack, "FREE", 1 << 16)
    (outcome,) = place.ingest(place.write("a.zip", make(bytes(8 << 20))))
    assert outcome.status == "refused"
    assert "unpacks to more than" in (outcome.reason or "")


def test_a_bomb_of_many_files_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MEMBER_LIMIT", 3)
    outcomes = place.ingest(place.write("a.zip", zipped({f"{number}.txt": b"x" for number in range(5)})))
    assert [one.status for one in outcomes] == ["unrecognised"] * 3 + ["refused"]
    assert "too many files" in (outcomes[-1].reason or "")


def test_archives_nested_without_end_are_refused(place: Place) -> None:
    data = zipped({"j.xml": REPORT})
    for _ in range(3):
        data = zipped({"in.zip": data})
    (outcome,) = place.ingest(place.write("a.zip", data))
    assert (outcome.status, outcome.path) == ("refused", "a.zip/in.zip/in.zip")


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_cut_archive_is_refused_by_name(place: Place, name: str) -> None:
    data = ARCHIVES[name]({"j.xml": REPORT, "k.xml": REPORT * 50})
    for size in (len(data) * 9 // 10, len(data) // 2, 600, 5):
        outcomes = place.ingest(place.write(name, data[:size]))
        assert any(one.status == "refused" and one.reason for one in outcomes), (size, outcomes)


def test_a_damaged_member_costs_that_member(place: Place) -> None:
    data = bytearray(zipped({"j.xml": REPORT, "k.xml": REPORT + b"\n"}))
    data[45] ^= 0xFF
    first, second = place.ingest(place.write("a.zip", bytes(data)))
    assert (first.status, second.status) == ("refused", "recorded")
    assert "broken archive member" in (first.reason or "")


def test_an_encrypted_member_is_named_as_such(place: Place) -> None:
    data = bytearray(zipped({"j.xml": REPORT}))
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    (outcome,) = place.ingest(place.write("a.zip", bytes(data)))
    assert (outcome.status, outcome.reason) == ("refused", "encrypted; expected a readable file")


def test_a_long_stream_lies_in_a_file_and_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from compliance import source as module

    data = bytes(range(256)) * 40_000
    monkeypatch.setattr(module, "MEMORY_LIMIT", 1 << 20)
    unpacked = unpack.decompressed(Source("f.gz", gzip.compress(data)))
    assert not isinstance(unpacked.data, bytes)
    assert bytes(unpacked.data) == data
    inner = unpack.members(unpack.decompressed(Source("f.tar.gz", gzip.compress(tarred({"d": data})))))
    assert [sha256_hex(bytes(one.data)) for one in inner if isinstance(one, Source)] == [sha256_hex(data)]


def test_what_an_archive_held_can_be_replayed(place: Place) -> None:
    from compliance.catalog import shipped
    from compliance.verification.verify import verify_store

    place.ingest(place.write("a.zip", zipped({"j.xml": REPORT})))
    place.store.close()
    path = place.root / ".compliance" / "evidence.db"
    assert {check.status for check in verify_store(path, shipped())} == {"proven"}
    with Store.open(path) as store:
        assert store.size > 1


def test_garbage_behind_gzip_data_is_refused() -> None:
    with pytest.raises(InputError, match="broken gzip data"):
        unpack.decompressed(Source("f.gz", gzip.compress(b"x") + b"garbage"))
