"""The stand-alone verifier: one file, which needs nothing of this package and finds what the package finds."""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from compliance import standalone
from compliance.report import attestation
from compliance.report.audit import MadeReport

from .scenario import Release

FILE = Path(standalone.__file__)


@pytest.fixture(scope="module")
def made(release: Release) -> MadeReport:
    return release.make()


@pytest.fixture
def trust(release: Release, tmp_path: Path) -> Path:
    path = tmp_path / "signer.pem"
    path.write_bytes(release.key.certificate.public_bytes(Encoding.PEM))
    return path


def test_it_needs_the_standard_library_and_cryptography_only() -> None:
    found = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]  # type: ignore[union-attr]
        for node in ast.walk(ast.parse(FILE.read_text()))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert found - set(sys.stdlib_module_names) == {"cryptography"}


def run(*words: str | Path) -> tuple[int, dict[str, str]]:
    """Runs the file alone: isolated from this project's folder and from the environment."""
    done = subprocess.run([sys.executable, "-I", FILE, *words, "--json"], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, {one["name"]: one["status"] for one in json.loads(done.stdout)["checks"]}


def test_a_sound_report_is_verified_in_every_check(made: MadeReport, trust: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.pdf"
    report.write_bytes(made.pdf)
    code, checks = run(report, "--trust", trust)
    assert (code, set(checks.values())) == (0, {"proven"})
    assert run(report)[0] == 6


@pytest.fixture
def folder(release: Release, made: MadeReport, tmp_path: Path) -> Path:
    """The report's files as ``report --bundle`` writes them."""
    path = tmp_path / "bundle"
    path.mkdir()
    files = {file.name: file.content for file in made.attachments}
    for name, content in files.items():
        (path / name).write_bytes(content)
    (path / attestation.SEAL).write_bytes(attestation.seal(release.key, made.id, files))
    return path


def test_a_folder_is_trusted_only_as_far_as_its_files_are_signed(folder: Path, trust: Path, release: Release, made: MadeReport) -> None:
    code, checks = run(folder, "--trust", trust)
    assert (code, set(checks.values())) == (0, {"proven"})
    assert run(folder)[0] == 6
    (folder / attestation.SEAL).unlink()
    code, checks = run(folder, "--trust", trust)
    assert (code, checks["seal"]) == (6, "not-proven")
    files = {file.name: file.content for file in made.attachments}
    (folder / attestation.SEAL).write_bytes(attestation.seal(release.key, made.id, {**files, "report.json": b"{}"}))
    assert run(folder, "--trust", trust)[0] == 4


def test_any_changed_byte_that_is_signed_is_refuted(made: MadeReport, tmp_path: Path) -> None:
    report = tmp_path / "r.pdf"
    generator = random.Random(20)
    for _ in range(40):
        changed = bytearray(made.pdf)
        place = generator.randrange(made.rendered)
        changed[place] ^= generator.randrange(1, 256)
        report.write_bytes(changed)
        assert standalone.verify(report, ()).exit_code == 4, place


def test_a_changed_missing_or_added_file_of_a_bundle_is_refuted(made: MadeReport, folder: Path) -> None:
    for file in made.attachments:
        path = folder / file.name
        path.write_bytes(file.content.replace(b'"pass"', b'"fail"') if b'"pass"' in file.content else file.content + b" ")
        assert standalone.verify(folder, ()).exit_code == 4, file.name
        path.unlink()
        assert standalone.verify(folder, ()).exit_code == 4, file.name
        path.write_bytes(file.content)
    (folder / "more.txt").write_bytes(b"x")
    assert standalone.verify(folder, ()).exit_code == 4


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"/ByteRange [0 5 9 99999]" + b"x" * 40, b"/ByteRange [0 1 3 1]<<>>"])
def test_what_is_no_report_is_refuted_without_a_traceback(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "r.pdf"
    path.write_bytes(data)
    assert standalone.verify(path, ()).exit_code == 4
