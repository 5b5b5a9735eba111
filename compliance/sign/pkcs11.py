"""Keys on tokens (PKCS #11): smart cards, HSMs, SoftHSM.

A key is named by a URI (RFC 7512), such as ``pkcs11:token=Release;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so``. Needs
the extra ``pkcs11`` (python-pkcs11), which is imported at the first use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ..errors import SigningKeyError
from .algorithms import digest_name
from .keyfile import Ask, read_certificates, signing_key

if TYPE_CHECKING:
    from datetime import datetime

    from .keys import SigningKey

__all__ = ["SCHEME", "TokenKey", "load_token_key"]

SCHEME: Final = "pkcs11:"
_PATH: Final = frozenset({"token", "serial", "object", "id", "type"})
_QUERY: Final = frozenset({"module-path"})
_SECRETS: Final = frozenset({"pin-value", "pin-source"})


@dataclass(frozen=True)
class TokenAddress:
    """Where a key lies.

    Args:
        module: The library that talks to the token.
        token: Label of the token.
        serial: Its serial number.
        label: Label of the key.
        id: Id of the key.
    """

    module: str
    token: str | None = None
    serial: str | None = None
    label: str | None = None
    id: bytes | None = None

    @classmethod
    def parse(cls, uri: str) -> TokenAddress:
        """Reads a URI.

        Raises:
            SigningKeyError: It is none, names no module, or holds a secret.
        """
        path, _, query = uri.removeprefix(SCHEME).partition("?")
        attributes = _attributes(path, ";") | _attributes(query, "&")
        if secret := sorted(_SECRETS & attributes.keys()):
            raise SigningKeyError(f"{SCHEME} URI with {secret[0]}", hint="the PIN comes from COMPLIANCE_SIGN_PASSPHRASE or a prompt")
        if unknown := sorted(attributes.keys() - _PATH - _QUERY):
            raise SigningKeyError(f"{SCHEME} URI with {unknown[0]}; expected {', '.join(sorted(_PATH | _QUERY))}")
        if "module-path" not in attributes:
            raise SigningKeyError(f"{SCHEME} URI without module-path", hint="end it with ?module-path= and the token's library")
        text = {name: value.decode("utf-8", "replace") for name, value in attributes.items() if name != "id"}
        return cls(text["module-path"], text.get("token"), text.get("serial"), text.get("object"), attributes.get("id"))


@dataclass(frozen=True)
class TokenKey:
    """A private key on a token, which is opened for each signature: an open session would keep others out."""

    address: TokenAddress
    where: str
    pin: str | None = field(repr=False)
    public_key: object

    def sign(self, data: bytes) -> bytes:
        """Signs with the algorithm that belongs to the kind of key.

        Raises:
            SigningKeyError: The token refuses.
        """
        import pkcs11

        with _session(self.address, self.where, self.pin) as session:
            handle = _private_key(session, self.address, self.where)
            try:
                if isinstance(self.public_key, rsa.RSAPublicKey):
                    return bytes(handle.sign(data, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
                # Tokens know the bare ECDSA; few of them hash as well.
                digest = hashlib.new(digest_name(self.public_key), data).digest()
                raw = bytes(handle.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
            except pkcs11.PKCS11Error as error:
                raise SigningKeyError(f"{self.where}: refuses to sign: {_said(error)}") from error
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


def load_token_key(uri: str, ask: Ask | str | None = None, *, certificates: Path | None = None, now: datetime | None = None) -> SigningKey:
    """Opens a token and finds a key on it.

    Args:
        uri: Where the key lies.
        ask: The PIN, or a function that asks for it.
        certificates: PEM file with the key's certificate and those above it; those on the token otherwise.
        now: Time at which the certificate must be valid; the clock if not given.

    Raises:
        SigningKeyError: The token is missing, the PIN is wrong, or the key cannot be used.
    """
    address = TokenAddress.parse(uri)
    name = address.token or address.serial
    where = f"key on the token {name}" if name else "key on the token"
    pin = ask(f"PIN of the token {name or ''}".rstrip()) if callable(ask) else ask
    with _session(address, where, pin) as session:
        found = _certificates(session, address) if certificates is None else read_certificates(certificates)
        if not found:
            hint = "name the file with the key's certificate in [sign] certificate"
            raise SigningKeyError(f"{where}: no certificate on the token", hint=hint)
        _private_key(session, address, where)
    return signing_key(TokenKey(address, where, pin, found[0].public_key()), found, where, now=now)


@contextmanager
def _session(address: TokenAddress, where: str, pin: str | None) -> Iterator[Any]:
    try:
        import pkcs11
    except ImportError as error:
        hint = 'install the extra: pip install "compliance-toolkit[pkcs11]"'
        raise SigningKeyError("keys on tokens need python-pkcs11", hint=hint) from error
    try:
        library = pkcs11.lib(address.module)
        token = library.get_token(token_label=address.token, token_serial=None if address.serial is None else address.serial.encode())
        opened = token.open(user_pin=pin)
    except pkcs11.PinIncorrect as error:
        raise SigningKeyError(f"{where}: wrong PIN", hint="tokens lock themselves after a few attempts") from error
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
        raise SigningKeyError(f"{where}: {_said(error)}", hint=f"is the token there, and {address.module} its library?") from error
    with opened as session:
        yield session


def _private_key(session: Any, address: TokenAddress, where: str) -> Any:
    import pkcs11

    try:
        return session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=address.label, id=address.id)
    except pkcs11.PKCS11Error as error:
        raise SigningKeyError(f"{where}: {_said(error)}", hint="name the key with object= or id=; without a PIN no key is shown") from error


def _certificates(session: Any, address: TokenAddress) -> list[x509.Certificate]:
    """The certificates on the token, the one of the key first: it has the key's label or id."""
    import pkcs11

    found: list[tuple[bool, x509.Certificate]] = []
    for one in session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}):
        fits = address.label in (None, one[pkcs11.Attribute.LABEL]) and address.id in (None, bytes(one[pkcs11.Attribute.ID] or b""))
        found.append((not fits, x509.load_der_x509_certificate(bytes(one[pkcs11.Attribute.VALUE]))))
    if all(other for other, _ in found):
        return []
    return [certificate for _, certificate in sorted(found, key=lambda pair: pair[0])]


def _attributes(text: str, separator: str) -> dict[str, bytes]:
    pairs = (part.partition("=") for part in text.split(separator) if part)
    return {name: unquote_to_bytes(value) for name, _, value in pairs}


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
