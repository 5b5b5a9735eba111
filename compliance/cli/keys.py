"""``compliance keys``: keys and trust."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .session import Format, Session, command, print_json

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

app = typer.Typer(help="Create, list, trust and show keys.", no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def _create(
    session: Session,
    name: Annotated[str, typer.Argument(help="Name of the key.")] = "trial",
) -> int:
    """Create a key for trying out; it is marked as a trial key everywhere and proves nothing to others."""
    from .. import home
    from ..sign.keys import create_trial_key

    key = create_trial_key(home.keys_folder(), name)
    trusted = _add_trust(home.keys_folder() / f"{_stem(name)}.pem")
    session.say("trial key: its signatures prove nothing to others; for real reports configure a PKCS#12 key in [sign] key")
    print(f"key          {home.keys_folder() / _stem(name)}.p12")
    print(f"certificate  {trusted}")
    print(f"fingerprint  {key.fingerprint}")
    return 0


def _list(session: Session, format: Format = "text") -> int:
    """List the user's keys and the certificates that the user trusts."""
    from .. import home
    from ..documents import KeysDocument, ListedKey
    from ..sign.keys import certificate_fingerprint, is_trial_certificate, subject_name

    folders: tuple[tuple[Literal["key", "trusted"], Path], ...] = (("key", home.keys_folder()), ("trusted", home.trust_folder()))
    rows = [
        ListedKey(
            role=role,
            subject=subject_name(certificate),
            trial=is_trial_certificate(certificate),
            not_after=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
            fingerprint=certificate_fingerprint(certificate),
            path=str(path),
        )
        for role, folder in folders
        for path in sorted(folder.glob("*.pem"))
        for certificate in _certificates(path)
    ]
    if format == "json":
        print_json(KeysDocument(keys=rows))
        return 0
    from . import table

    cells = [[r.role, r.subject, "trial" if r.trial else "", r.not_after, r.fingerprint[:32], r.path] for r in rows]
    header = ["ROLE", "SUBJECT", "", "UNTIL", "SHA-256", "FILE"]
    for line in table.lines(cells, header=header) if rows else ["no keys; make one for trying out with `compliance keys create`"]:
        print(line)
    session.detail(f"folder {home.folder()}")
    return 0


def _trust(session: Session, certificate: Annotated[Path, typer.Argument(help="Certificate in PEM form.", show_default=False)]) -> int:
    """Trust a certificate: reports signed with its key, or below it, verify from now on."""
    print(f"trusted  {_add_trust(certificate)}")
    session.say("compare the fingerprint with its owner over another channel: compliance keys show")
    return _show(session, certificate)


def _show(session: Session, certificate: Annotated[Path, typer.Argument(help="Certificate in PEM form.", show_default=False)]) -> int:
    """Show a certificate: subject, issuer, validity, fingerprint, and whether it is a trial."""
    from ..sign.keys import certificate_fingerprint, is_trial_certificate
    from . import table

    for one in _certificates(certificate):
        rows = [
            ["subject", one.subject.rfc4514_string()],
            ["issuer", one.issuer.rfc4514_string()],
            ["valid", f"{one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}"],
            ["sha-256", certificate_fingerprint(one)],
            ["trial", "yes: proves nothing to others" if is_trial_certificate(one) else "no"],
        ]
        for line in table.lines(rows):
            print(line)
    session.detail(str(certificate))
    return 0


def _add_trust(path: Path) -> Path:
    """Copies a certificate to the user's trust folder."""
    from .. import home
    from ..errors import SigningKeyError
    from ..sign.keys import certificate_fingerprint

    found = _certificates(path)
    target = home.trust_folder() / f"{certificate_fingerprint(found[0])[:32]}.pem"
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.write_bytes(path.read_bytes())
    except OSError as error:
        raise SigningKeyError(f"{target}: {error.strerror}") from error
    return target


def _certificates(path: Path) -> list[Certificate]:
    from ..sign.trust import TrustStore

    return list(TrustStore.load([path]))


def _stem(name: str) -> str:
    import re

    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")


for _name, _function in (("create", _create), ("list", _list), ("trust", _trust), ("show", _show)):
    app.command(_name)(command(_function))
