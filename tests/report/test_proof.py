"""What a report is anchored in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import compliance
from compliance import standalone
from compliance.record import sha256_hex
from compliance.report import bundle, html
from compliance.report.proof import verifier_digest

from .scenario import Release

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import compliance
from compliance.report.proof import verifier_digest
assert compliance.__file__.startswith(sys.argv[1])
print(verifier_digest())
"""


def test_the_digest_of_the_verifier_is_printed_and_the_verifier_is_not_attached(release: Release) -> None:
    model, files = release.bundle()
    content = Path(standalone.__file__).read_bytes()
    assert model.verifier_sha256 == sha256_hex(content)
    assert html.hex_groups(sha256_hex(content)) in html.render(model)
    assert content not in files.values()
    assert bundle.MODEL in files


def test_another_verifier_has_another_digest_on_the_page(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(Path(compliance.__file__).parent, tmp_path / "compliance"))
    (copy / "standalone.py").write_bytes((copy / "standalone.py").read_bytes() + b"# changed\n")
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == sha256_hex((copy / "standalone.py").read_bytes())
    assert done.stdout.strip() != verifier_digest()
