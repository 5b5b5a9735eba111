"""Signature fields that leave a tagged PDF tagged.

pyHanko adds the widget only; PDF/UA-1 section 7.18.4 wants it inside a ``Form`` structure element. Needs pyHanko, so this
module is imported by functions only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.sign import fields

if TYPE_CHECKING:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    from compliance.report.pdf import Box

__all__ = ["add_signature_field"]


def add_signature_field(writer: IncrementalPdfFileWriter, name: str, description: str, box: Box | None) -> Any:
    """Adds an empty signature field and tags it.

    Args:
        writer: The update being written.
        name: Name of the field.
        description: What a screen reader says.
        box: Where it is shown; None for a field without a visible place, on the first page.

    Returns:
        The reference of the field, whose dictionary is also its widget.
    """
    page, rectangle = box if box is not None else (0, None)
    specification = fields.SigFieldSpec(
        name,
        on_page=page,
        box=None if rectangle is None else _whole_points(rectangle),
        empty_field_appearance=rectangle is not None,
        # In a page without a box the widget has no size; out of the page no validator takes it for content.
        invis_sig_settings=fields.InvisSigSettings(box_out_of_bounds=True),
        readable_field_name=description,
    )
    fields.append_signature_field(writer, specification)
    ((_, _, reference),) = fields.enumerate_sig_fields(writer, with_name=name)
    _tag(writer, page, reference, description)
    return reference


def _whole_points(rectangle: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """The largest rectangle of whole points inside, so that nothing is drawn over the box's border."""
    left, bottom, right, top = rectangle
    return math.ceil(left), math.ceil(bottom), math.floor(right), math.floor(top)


def _tag(writer: IncrementalPdfFileWriter, page: int, field_reference: Any, description: str) -> None:
    tree = writer.root["/StructTreeRoot"]
    parents = tree["/ParentTree"]
    numbers = parents["/Nums"]
    document_reference, document = _first_child(tree)
    page_reference, _ = writer.find_page_for_modification(page)  # type: ignore[no-untyped-call]
    key = 1 + max(int(numbers[index]) for index in range(0, len(numbers), 2))

    link = _dictionary(
        Type=pdf_name("/OBJR"),
        Obj=_local(writer, field_reference),
        Pg=_local(writer, page_reference),
    )
    element = _dictionary(
        Type=pdf_name("/StructElem"),
        S=pdf_name("/Form"),
        P=_local(writer, document_reference),
        K=link,
        Alt=generic.TextStringObject(description),
    )
    element_reference = writer.add_object(element)
    _append_child(writer, document, element_reference)

    numbers += [_number(key), element_reference]
    tree[pdf_name("/ParentTreeNextKey")] = _number(key + 1)
    widget = field_reference.get_object()
    widget[pdf_name("/StructParent")] = _number(key)
    page_dictionary = page_reference.get_object()
    page_dictionary[pdf_name("/Tabs")] = pdf_name("/S")
    for changed in (document, numbers, parents, tree, widget, page_dictionary):
        writer.update_container(changed)


def _first_child(tree: Any) -> tuple[Any, Any]:
    children = tree["/K"]
    if isinstance(children, generic.ArrayObject):
        return children.raw_get(0), children[0]
    return tree.raw_get("/K"), children


def _append_child(writer: IncrementalPdfFileWriter, parent: Any, child: Any) -> None:
    children = parent["/K"]
    if not isinstance(children, generic.ArrayObject):
        children = generic.ArrayObject([parent.raw_get("/K")])
        parent[pdf_name("/K")] = children
    children.append(child)
    writer.update_container(children)


def _local(writer: IncrementalPdfFileWriter, reference: Any) -> Any:
    """The same object number, resolved through the update instead of the file before it."""
    return generic.IndirectObject(reference.idnum, reference.generation, writer)  # type: ignore[no-untyped-call]


def _dictionary(**entries: Any) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(f"/{name}"): value for name, value in entries.items()})  # type: ignore[no-untyped-call]


def _number(value: int) -> generic.NumberObject:
    return generic.NumberObject(value)  # type: ignore[no-untyped-call]
