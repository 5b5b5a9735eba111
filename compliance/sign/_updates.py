"""What an update of a certified PDF changed, judged object by object; anything that is not allowed by name is refused.

pyHanko compares the objects of two revisions; its rules are narrowed here: document properties may change in their dates and programs
only, and the list of what may change in the catalog is shorter. New signature fields are allowed for document timestamps only.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pyhanko.pdf_utils.generic import NullObject, Reference
from pyhanko.sign.diff_analysis import DocInfoRule, MetadataUpdateRule, ModificationLevel, StandardDiffPolicy, SuspiciousModification
from pyhanko.sign.diff_analysis.constants import VALUE_UPDATE_KEYS
from pyhanko.sign.diff_analysis.form_rules_api import FormUpdatingRule
from pyhanko.sign.diff_analysis.rules.file_structure_rules import CatalogModificationRule, ObjectStreamRule, XrefStreamRule
from pyhanko.sign.diff_analysis.rules.form_field_rules import (
    DSSCompareRule,
    GenericFieldModificationRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
)
from pyhanko.sign.diff_analysis.rules_api import ReferenceUpdate, WhitelistRule
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm, enumerate_sig_fields

from ..reading.xmltree import events
from ._dss import read_validation_data
from ._reading import entry
from .pdf_verify import Update

if TYPE_CHECKING:
    from ._structure import FoundSignature, Structure

_CATALOG: Final = frozenset({"/AcroForm", "/DSS", "/Extensions", "/Metadata", "/Version"})
_INFORMATION: Final = frozenset({"/ModDate", "/Producer"})
_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_WRAPPERS: Final = frozenset({"{adobe:ns:meta/}xmpmeta", f"{_RDF}RDF", f"{_RDF}Description"})
_SYNTAX: Final = frozenset({"{adobe:ns:meta/}xmptk", f"{_RDF}about", f"{_RDF}parseType"})
_XMP: Final = "{http://ns.adobe.com/xap/1.0/}"
_MANAGEMENT: Final = "{http://ns.adobe.com/xap/1.0/mm/}"
_PROPERTIES: Final = frozenset(
    {
        f"{_XMP}ModifyDate",
        f"{_XMP}MetadataDate",
        f"{_MANAGEMENT}DocumentID",
        f"{_MANAGEMENT}History",
        f"{_MANAGEMENT}InstanceID",
        "{http://ns.adobe.com/pdf/1.3/}Producer",
    }
)


def updates_since(structure: Structure, certified: int) -> tuple[Update, ...]:
    """Classifies every revision after the certified one.

    Raises:
        ValueError: One of them changed something that it must not; says what.
        Exception: The file cannot be read; pyHanko raises many types.
    """
    made = []
    for number in range(certified + 1, len(structure.revisions)):
        changed, level = _difference(structure, number)
        for signature in structure.signatures:
            if certified < signature.revision < number:
                _require_respected(structure, signature, number, changed, level)
        made.append(_classified(structure, number, changed))
    return tuple(made)


def _classified(structure: Structure, number: int, changed: frozenset[str]) -> Update:
    signed = [one for one in structure.signatures if one.revision == number]
    end = structure.revisions[number].end
    created = structure.fields(number) - structure.fields(number - 1)
    if created - {one.field for one in signed if one.is_timestamp}:
        raise ValueError(f"revision {number + 1} adds the signature field {min(created)}, which was not prepared")
    if len(signed) > 1:
        raise ValueError(f"revision {number + 1} has {len(signed)} signatures, expected one")
    filled = tuple(sorted(changed - structure.fields(number)))
    if signed:
        return Update(number, end, "timestamp" if signed[0].is_timestamp else "signature", (signed[0].field, *filled))
    if filled:
        return Update(number, end, "form", filled)
    if read_validation_data(structure.at(number)) == read_validation_data(structure.at(number - 1)):
        raise ValueError(f"revision {number + 1} is neither a signature nor data for validation")
    return Update(number, end, "validation-data")


def _require_respected(
    structure: Structure, signature: FoundSignature, number: int, changed: frozenset[str], level: ModificationLevel
) -> None:
    """Checks what an earlier signature itself forbids in a revision: changes to fields that it locks, or any change."""
    locks, allowed = _locks(structure, signature)
    late = min((name for name in changed if any(lock.is_locked(name) for lock in locks)), default=None)
    if late is not None:
        raise ValueError(f"revision {number + 1} changes what it must not: {late} is locked by the signature in {signature.field}")
    if allowed is not None and level.value > allowed.value:
        raise ValueError(f"revision {number + 1} makes changes of the level {level.name}, which the signature in {signature.field} forbids")


def _difference(structure: Structure, number: int) -> tuple[frozenset[str], ModificationLevel]:
    """Compares a revision with the one before it; returns the form fields that changed, and how far the changes go."""
    try:
        result = _POLICY.apply(structure.at(number - 1), structure.at(number), doc_mdp=MDPPerm.FILL_FORMS)
    except SuspiciousModification as suspicious:
        raise ValueError(f"revision {number + 1} changes what it must not: {suspicious}") from suspicious
    if result.modification_level.value > MDPPerm.FILL_FORMS.value:
        raise ValueError(f"revision {number + 1} makes changes of the level {result.modification_level.name}")
    return frozenset(result.changed_form_fields), result.modification_level


def _locks(structure: Structure, signature: FoundSignature) -> tuple[list[FieldMDPSpec], MDPPerm | None]:
    field = _field_of(structure.at(signature.revision), signature.field)
    # A program that knows nothing of locks leaves them out of its signature; the prepared field asks for them all the same.
    locks = [FieldMDPSpec.from_pdf_object(field["/Lock"])] if "/Lock" in field else []
    level = None
    for reference in entry(field["/V"], "/Reference") or ():
        parameters = reference.get_object()["/TransformParams"]
        method = reference.get_object()["/TransformMethod"]
        if method == "/FieldMDP":
            locks.append(FieldMDPSpec.from_pdf_object(parameters))
        if method == "/DocMDP" or "/P" in parameters:
            level = MDPPerm(int(parameters["/P"]))
    return locks, level


def _field_of(resolver: Any, name: str) -> Any:

    ((_, _, reference),) = enumerate_sig_fields(resolver, with_name=name)
    return reference.get_object()


class _InformationRule(DocInfoRule):
    """Dates and programs of the document information may change, nothing else of it."""

    def apply(self, old: Any, new: Any) -> Iterable[Any]:
        before, after = (_information(one) for one in (old, new))
        changed = {key for key in {*before, *after} if _text(before, key) != _text(after, key)}
        if changed - _INFORMATION:
            raise SuspiciousModification(f"the document information {min(changed - _INFORMATION)} changed")
        return super().apply(old, new)


class _MetadataRule(MetadataUpdateRule):
    """Dates, programs and identifiers of the XMP metadata may change, nothing else of it."""

    def __init__(self) -> None:
        # The rule's own check of the syntax needs lxml.
        super().__init__(check_xml_syntax=False)  # type: ignore[no-untyped-call]

    def apply(self, old: Any, new: Any) -> Iterable[Any]:
        before, after = (_stream(one.root, "/Metadata") for one in (old, new))
        if after is not None and (before is None or before.data != after.data):
            changed = (set() if before is None else _properties(before.data)) ^ _properties(after.data)
            if changed:
                raise SuspiciousModification(f"the metadata {min(changed)[0][0]} changed")
        return super().apply(old, new)


class _UnusedRule(WhitelistRule):
    """An object that nothing refers to, before or after, has no effect.

    Older generations of it count as well: a reader that does not tell them apart would show the new object.
    """

    def apply(self, old: Any, new: Any) -> Iterable[Any]:
        for reference in new.explicit_refs_in_revision():
            alike = [Reference(reference.idnum, generation, pdf=new) for generation in range(reference.generation + 1)]
            if not (old.usages(reference) or any(new.usages(one) for one in alike)):
                yield ReferenceUpdate(reference)


class _FilledRule(GenericFieldModificationRule):
    """Fields may be filled in; how a box is drawn when it is ticked, and when it is not, stays as it was certified.

    pyHanko reports the appearance of a text as changed, and refuses it if the field is locked, when it only is older than the revision
    that is compared with; such reports are left out.
    """

    def check_form_field(self, fq_name: str, spec: Any, context: Any) -> Iterable[Any]:
        old, new = context.old, context.new
        table = new.reader.xrefs
        changed = frozenset().union(*(table.explicit_refs_in_revision(number) for number in range(old.revision + 1, new.revision + 1)))
        if spec.field_type == "/Btn" and spec.old_field is not None and spec.new_field is not None:
            before, after = (_raw(one, "/AP") for one in (spec.old_field, spec.new_field))
            # Whoever ticks a box must see the tick where it is read: drawn in another box, it would be a signature under another word.
            if _written(before) != _written(after) or new.collect_dependencies(after) & changed:
                raise SuspiciousModification(f"the box {fq_name} is drawn otherwise than it was")
        for level, update in super().check_form_field(fq_name, spec, context):
            if update.updated_ref in changed:
                yield level, update


def _raw(dictionary: Any, key: str) -> Any:
    return dictionary.raw_get(key) if key in dictionary else NullObject()


def _written(value: Any) -> bytes:
    out = io.BytesIO()
    value.write_to_stream(out, None)
    return out.getvalue()


def _information(resolver: Any) -> Any:
    # References in the trailer lead to the newest revision, whichever is asked for.
    reference = resolver.trailer_view.get_value_as_reference("/Info", optional=True)
    return {} if reference is None else resolver(reference)


def _stream(root: Any, key: str) -> Any:
    """A stream of the catalog; pyHanko has a view of its own on the one of the metadata, which has no history."""
    reference = root.get_value_as_reference(key, optional=True)
    return None if reference is None else reference.get_object()


def _text(dictionary: Mapping[str, Any], key: str) -> bytes | str | None:
    value = entry(dictionary, key)
    if value is None:
        return None
    return getattr(value, "original_bytes", None) or str(value)


def _properties(xmp: bytes) -> set[tuple[tuple[str, ...], str, int]]:
    """Every property with its value and how often it is there, whichever of the forms of RDF it is written in."""
    counted = Counter((path, value) for path, value in _walk(xmp) if path[0] not in _PROPERTIES)
    return {(path, value, number) for (path, value), number in counted.items()}


def _walk(xmp: bytes) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields the texts and attributes of an XMP packet with the names of the properties that they stand in."""
    path: list[str] = []
    for event, element, _ in events(io.BytesIO(xmp)):
        if event == "start":
            path.append(element.tag)
        names = tuple(name for name in path if name not in _WRAPPERS)
        if event == "start":
            yield from (((*names, name), value) for name, value in element.attrib.items() if name not in _SYNTAX)
        else:
            if element.text is not None and element.text.strip():
                yield names or (element.tag,), element.text.strip()
            path.pop()


_EXTRA: Final[Sequence[Any]] = (
    _InformationRule(),
    XrefStreamRule(),
    ObjectStreamRule(),
    DSSCompareRule(),
    _MetadataRule(),
    _UnusedRule(),
)
_VALUE: Final = VALUE_UPDATE_KEYS | {"/M"}
"""What signing may change in a field; poppler sets the time of the change as well."""
_FILLED: Final = VALUE_UPDATE_KEYS | {"/I", "/M"}
"""What filling in may change in a field; of a choice also the number of what is chosen."""
_POLICY: Final = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(ignored_keys=_CATALOG),  # type: ignore[no-untyped-call]
        *(rule.as_qualified(ModificationLevel.LTA_UPDATES) for rule in _EXTRA),
    ],
    # Nothing is left to be ignored as an orphan: a reference that leads nowhere until a later update would make one visible.
    ignore_orphaned_objects=False,
    form_rule=FormUpdatingRule(
        [
            SigFieldCreationRule(),  # type: ignore[no-untyped-call]
            SigFieldModificationRule(value_update_keys=_VALUE),
            _FilledRule(value_update_keys=_FILLED),
        ]
    ),
)
