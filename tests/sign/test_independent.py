"""Independent eyes: after every step of a document, pdfsig, pyHanko's own command line, qpdf and veraPDF find it as it should be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from compliance.sign.pdf import SignatureField, close_pdf, prepare_fields, sign_field, sign_pdf
from compliance.sign.pdf_verify import inspect_pdf
from compliance.sign.timestamp import TimestampAuthority, Timestamping
from tests.sign.documents import pem, report
from tests.sign.programs import sign_with_pyhanko
from tests.sign.services import Services
from tests.sign.test_signers import troubles, updated
from tests.verapdf import failures

SIGNATURES = {"certified": 1, "by-hand": 2, "with-pyhanko": 3, "stamped": 4, "closed": 4}
"""The steps, and how many signatures there are after each, but for timestamps."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the document after each step, and the root."""
    folder = tmp_path_factory.mktemp("independent")
    with Services(folder / "services").running() as services:
        for name, content in steps(services).items():
            assert troubles(inspect_pdf(content)) == ({} if name == "closed" else {"signature-level": WAITING}), name
            (folder / f"{name}.pdf").write_bytes(content)
        (folder / "root.pem").write_bytes(pem(services.root))
    yield folder


WAITING = "the document timestamp that will close the document is still to come"


def steps(services: Services) -> dict[str, bytes]:
    now = datetime.now(UTC).replace(microsecond=0)
    fields = [
        SignatureField("qa", "Signature of QA", (0, (50.0, 50.0, 250.0, 120.0))),
        *(SignatureField(one, one) for one in ("ops", "owner")),
    ]
    lasting = Timestamping(TimestampAuthority(services.timestamp_url), "B-LTA", (services.root,))
    stamped = Timestamping(TimestampAuthority(services.timestamp_url), "B-T", (services.root,))
    made = {"prepared": prepare_fields(report().content, fields)}
    box = report().boxes["sig-toolkit"]
    key = services.person("Release", "rsa3072")
    made["certified"] = sign_pdf(made.pop("prepared"), key, box=box, reason="Packet", when=now, timestamping=lasting)
    made["by-hand"] = sign_field(made["certified"], "qa", services.person("Quinn", "p384"), reason="Approve", when=now, note="Approve")
    made["with-pyhanko"] = sign_with_pyhanko(made["by-hand"], "ops", services.person("Otto"))
    made["stamped"] = sign_field(made["with-pyhanko"], "owner", services.person("Olga"), reason="Approve", when=now, timestamping=stamped)
    made["closed"] = close_pdf(made["stamped"], lasting, now)
    return made


def pyhanko(path: Path, root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pyhanko", "sign", "validate", "--trust", root.name, "--trust-replace", "--no-revocation-check"]
    return subprocess.run([*command, "--pretty-print", path.name], cwd=path.parent, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", SIGNATURES)
def test_pyhanko_and_pdfsig_and_qpdf_agree(files: Path, name: str) -> None:
    path = files / f"{name}.pdf"
    judged = pyhanko(path, files / "root.pem")
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert judged.stdout.count("The signature is judged VALID.") == SIGNATURES[name]
    shown = subprocess.run(["pdfsig", path], capture_output=True, text=True, check=True).stdout
    assert shown.count("Signature is Valid.") == SIGNATURES[name]
    assert shown.count("Total document signed") == 1, "the last one covers everything"
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=True).stdout
    assert "No syntax or stream encoding errors found" in checked


@pytest.mark.xdist_group("jvm")
def test_verapdf_agrees_after_every_step(files: Path) -> None:
    found = failures(["3a", "ua1"], *(files / f"{name}.pdf" for name in SIGNATURES))
    assert found == {f"{name}.pdf {flavour}": {} for name in SIGNATURES for flavour in ("3a", "ua1")}


def test_pyhanko_sees_what_is_no_good_file(files: Path) -> None:
    """So that its agreement means something."""

    def draw(writer: IncrementalPdfFileWriter) -> None:
        writer.root[pdf_name("/Lang")] = TextStringObject("xx")
        writer.update_root()  # type: ignore[no-untyped-call]

    (files / "bad.pdf").write_bytes(updated((files / "stamped.pdf").read_bytes(), draw))
    assert pyhanko(files / "bad.pdf", files / "root.pem").returncode == 1
