"""Validation data in a PDF: the document security store (DSS, ISO 32000-2 section 12.8.4.3). Needs pyHanko."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from ._reading import entry
from .validation_data import ValidationData

if TYPE_CHECKING:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

_STORE: Final = "/DSS"
_KEYS: Final = {"certificates": "/Certs", "ocsps": "/OCSPs", "crls": "/CRLs"}
_MAX_OBJECTS: Final = 1000


def add_validation_data(writer: IncrementalPdfFileWriter, data: ValidationData) -> None:
    """Adds what is not there yet to the store of a document."""
    known = read_validation_data(writer)
    fresh = {name: [der for der in getattr(data, name) if der not in getattr(known, name)] for name in _KEYS}
    if not any(fresh.values()):
        return
    store = entry(writer.root, _STORE) or generic.DictionaryObject()  # type: ignore[no-untyped-call]
    for name, key in _KEYS.items():
        added = [writer.add_object(generic.StreamObject(stream_data=der)) for der in fresh[name]]
        if added:
            before = list(entry(store, key) or ())
            store[pdf_name(key)] = generic.ArrayObject([*before, *added])
    if _STORE in writer.root:
        writer.update_container(store)
    else:
        writer.root[pdf_name(_STORE)] = writer.add_object(store)
        writer.update_root()  # type: ignore[no-untyped-call]


def read_validation_data(handler: Any) -> ValidationData:
    """Reads the store of a document, or of one of its revisions.

    Raises:
        Exception: It is none; pyHanko raises many types.
    """
    if _STORE not in handler.root:
        return ValidationData()
    store = handler.root[_STORE]
    found = {name: [one.get_object() for one in entry(store, key) or ()] for name, key in _KEYS.items()}
    if sum(map(len, found.values())) > _MAX_OBJECTS:
        raise ValueError(f"more than {_MAX_OBJECTS} objects in the document security store")
    for stream in (stream for streams in found.values() for stream in streams):
        if "/Filter" in stream and stream["/Filter"] != "/FlateDecode":
            raise ValueError(f"validation data that is packed with {stream['/Filter']}")
    return ValidationData(**{name: tuple(bytes(stream.data) for stream in streams) for name, streams in found.items()})
