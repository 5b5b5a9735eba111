"""``compliance keys``: keys and trust."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .session import Format, Session, command, print_json

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from ..documents.proving import ListedKey
    from ..sign.keys import SigningKey

app = typer.Typer(help="Create, list, trust and show keys.", no_args_is_help=True, add_completion=False, rich_markup_mode=None)

_Role = Literal["key", "trusted", "trusted-for-timestamps"]
_Source = Literal["user", "project"]


def _create(
    session: Session,
    name: Annotated[str, typer.Argument(help="Name of the key's holder.")] = "trial",
    algorithm: Annotated[Literal["p256", "p384", "rsa3072", "rsa4096"], typer.Option(help="Kind of the key.")] = "p256",
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Protect the file; the passphrase is taken as for signing.")] = False,
) -> int:
    """Create a key for trying out. It is marked as a trial key everywhere and proves nothing to others."""
    from .. import home
    from ..sign.keys import create_trial_key, file_stem

    key = create_trial_key(home.keys_folder(), name, algorithm=algorithm, passphrase=_new_passphrase() if passphrase else None)
    stem = file_stem(name)
    trusted = _add_trust(home.keys_folder() / f"{stem}.pem", home.trust_folder())
    session.say("trial key: its signatures prove nothing to others; for real reports configure a key in [sign] key")
    print(f"key          {home.keys_folder() / stem}.p12")
    print(f"certificate  {trusted}")
    print(f"fingerprint  {key.fingerprint}")
    return 0


def _list(session: Session, format: Format = "text") -> int:
    """List keys and trusted certificates. Those of the user and of the project; the key in use is marked."""
    from .. import home
    from ..documents.proving import KeysDocument

    rows = list(_rows(session))
    if format == "json":
        print_json(KeysDocument(keys=rows))
        return 0
    from . import table

    cells = [
        [
            "* key" if one.in_use else one.role.replace("-", " "),
            one.subject,
            "trial" if one.trial else "",
            one.not_after,
            one.fingerprint[:32],
            one.path,
        ]
        for one in rows
    ]
    header = ["ROLE", "SUBJECT", "", "UNTIL", "SHA-256", "FILE"]
    for line in table.lines(cells, header=header) if rows else ["no keys; make one for trying out with `compliance keys create`"]:
        print(line)
    if any(one.in_use for one in rows):
        session.say("* signs reports here")
    session.detail(f"folder {home.folder()}")
    return 0


def _trust(
    session: Session,
    certificate: Annotated[Path, typer.Argument(help="Certificate in PEM form.", show_default=False)],
    timestamps: Annotated[bool, typer.Option("--timestamps", help="Trust it for timestamps only.")] = False,
) -> int:
    """Trust a certificate. Reports signed with its key, or below it, verify from now on."""
    from .. import home
    from ..sign.trust import TIMESTAMPS

    print(f"trusted  {_add_trust(certificate, home.trust_folder() / TIMESTAMPS if timestamps else home.trust_folder())}")
    session.say("compare the fingerprint with its owner over another channel: compliance keys show")
    return _show(session, str(certificate))


def _show(
    session: Session,
    what: Annotated[
        str | None, typer.Argument(help="Certificate or key file, pkcs11: URI, or name of a key.", show_default="the key in use")
    ] = None,
) -> int:
    """Show a certificate. Subject, issuer, validity, fingerprint, and whether it is a trial."""
    from ..sign.keys import certificate_fingerprint, is_trial_certificate
    from . import table

    certificates, key = _found(session, what)
    for one in certificates:
        rows = [
            ["subject", one.subject.rfc4514_string()],
            ["issuer", one.issuer.rfc4514_string()],
            ["valid", f"{one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}"],
            ["algorithm", _algorithm(one)],
            ["sha-256", certificate_fingerprint(one)],
            ["trial", "yes: proves nothing to others" if is_trial_certificate(one) else "no"],
        ]
        for line in table.lines(rows):
            print(line)
    if key is not None:
        session.say("the key is at hand and fits its certificate")
    return 0


def _rows(session: Session) -> Iterator[ListedKey]:
    from .. import home
    from ..sign.trust import TIMESTAMPS

    configured = session.project.document.sign.key
    for role, folder in (("key", home.keys_folder()), ("trusted", home.trust_folder()), (_STAMPING, home.trust_folder() / TIMESTAMPS)):
        for path in sorted(folder.glob("*.pem")):
            in_use = role == "key" and configured is None and path.stem == home.TRIAL
            for certificate in _certificates(path):
                yield _row(role, certificate, str(path), "user", in_use)
    yield from _project_rows(session)


def _project_rows(session: Session) -> Iterator[ListedKey]:
    """The key and the certificates that the project's configuration names; a key that cannot be opened is named as it is."""
    from .. import home
    from ..documents.proving import ListedKey
    from ..errors import SigningKeyError

    sign = session.project.document.sign
    if sign.key is not None:
        shown = sign.key if isinstance(sign.key, str) else " ".join(sign.key.command)
        try:
            yield _row("key", _in_use(session, quiet=True).certificate, shown, "project", True)
        except SigningKeyError as error:
            unread = f"({error.message})"
            yield ListedKey(
                role="key", subject=unread, trial=False, not_after="", fingerprint="", path=shown, source="project", in_use=True
            )
    named = [("trusted", name) for name in sign.trust if name.endswith(home.CERTIFICATES)]
    for role, name in [*named, *((_STAMPING, name) for name in sign.timestamp_trust)]:
        for certificate in _certificates(session.project.beside(name)):
            yield _row(role, certificate, name, "project")


def _row(role: str, certificate: Certificate, path: str, source: _Source, in_use: bool = False) -> ListedKey:
    from ..documents.proving import ListedKey
    from ..sign.keys import certificate_fingerprint, is_trial_certificate, subject_name

    return ListedKey(
        role=role,  # type: ignore[arg-type]  # checked by the model
        subject=subject_name(certificate),
        trial=is_trial_certificate(certificate),
        not_after=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
        fingerprint=certificate_fingerprint(certificate),
        path=path,
        source=source,
        in_use=in_use,
    )


def _in_use(session: Session, *, quiet: bool = False) -> SigningKey:
    from .. import home
    from .signing import ask

    return home.signing_key(session.project, None, (lambda _: None) if quiet else ask)


def _found(session: Session, what: str | None) -> tuple[list[Certificate], SigningKey | None]:
    """The certificates in a file, or those of a key, which is opened."""
    from .. import home
    from .signing import ask

    if what is None:
        key = _in_use(session)
    else:
        path = Path(what)
        own = home.keys_folder() / f"{what}.p12"
        if not path.exists() and own.exists():
            path = own
        if path.exists() and path.suffix in home.CERTIFICATES and b"PRIVATE KEY-----" not in path.read_bytes():
            return _certificates(path), None
        key = home.load_key(path, ask)
    return [key.certificate, *key.chain], key


def _add_trust(path: Path, folder: Path) -> Path:
    """Copies a certificate to the user's trust folder."""
    from ..errors import SigningKeyError
    from ..sign.keys import certificate_fingerprint

    found = _certificates(path)
    target = folder / f"{certificate_fingerprint(found[0])[:32]}.pem"
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.write_bytes(path.read_bytes())
    except OSError as error:
        raise SigningKeyError(f"{target}: {error.strerror}") from error
    return target


def _certificates(path: Path) -> list[Certificate]:
    from ..sign.trust import TrustStore

    return list(TrustStore.load([path]))


def _algorithm(certificate: Certificate) -> str:
    key = certificate.public_key()
    curve = getattr(key, "curve", None)
    if curve is not None:
        return f"ECDSA {curve.name}"
    return f"{type(key).__name__.removesuffix('PublicKey')} {getattr(key, 'key_size', '')}".strip()


def _new_passphrase() -> str:
    from .. import home
    from ..errors import SigningKeyError
    from .signing import ask

    given = home.passphrase() or ask("New passphrase")
    if not given:
        raise SigningKeyError("no passphrase", hint=f"give it in {home.PASSPHRASE_VARIABLE}, or run it on a terminal")
    return given


_STAMPING: _Role = "trusted-for-timestamps"

for _name, _function in (("create", _create), ("list", _list), ("trust", _trust), ("show", _show)):
    app.command(_name)(command(_function))
