"""What `inspect_pdf` refutes, the one-file verifier does not let pass: asked of every attack that the tests make."""

from __future__ import annotations

from compliance import standalone
from compliance.sign.pdf_verify import MAX_BYTES, inspect_pdf


def refuted(pdf: bytes, *, max_bytes: int = MAX_BYTES) -> set[str]:
    """Names of the checks that refute a file; of a file that both read, the one-file verifier must not think better."""
    found = {check.name for check in inspect_pdf(pdf, max_bytes=max_bytes).checks if check.status == "refuted"}
    # What is attached is compared with the model of a report, which most of the tests' documents do not carry.
    if found - {"attachments"} and max_bytes == MAX_BYTES:
        assert not lets_pass(pdf), f"the one-file verifier lets pass what {found} refute"
    return found


def lets_pass(pdf: bytes) -> bool:
    """Whether the one-file verifier finds nothing against a file, and nothing in it that it leaves to others to judge."""
    result = standalone.Result()
    standalone.read_pdf(pdf, result, ())
    return not result.unjudged and all(status != "refuted" for name, status, _ in result.checks if name != "attachments")
