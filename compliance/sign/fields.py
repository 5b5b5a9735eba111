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
    from collections.abc import Sequence

    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    from ..report.pdf import Box

__all__ = ["add_signature_field", "dictionary", "local", "tag_widget", "whole_points"]


def add_signature_field(writer: IncrementalPdfFileWriter, name: str, description: str, box: Box | None, locks: Sequence[str] = ()) -> Any:
    """Adds an empty signature field and tags it.

    Args:
        writer: The update being written.
        name: Name of the field.
        description: What a screen reader says.
        box: Where it is shown; None for a field without a visible place, on the first page.
        locks: Names of the fields that must not change once it is signed.

    Returns:
        The reference of the field, whose dictionary is also its widget.
    """
    page, rectangle = box if box is not None else (0, None)
    specification = fields.SigFieldSpec(
        name,
        on_page=page,
        box=None if rectangle is None else whole_points(rectangle),
        empty_field_appearance=rectangle is not None,
        # In a page without a box the widget has no size; out of the page no validator takes it for content.
        invis_sig_settings=fields.InvisSigSettings(box_out_of_bounds=True),
        readable_field_name=description,
        field_mdp_spec=fields.FieldMDPSpec(fields.FieldMDPAction.INCLUDE, list(locks)) if locks else None,
    )
    fields.append_signature_field(writer, specification)
    ((_, _, reference),) = fields.enumerate_sig_fields(writer, with_name=name)
    tag_widget(writer, page, reference, description)
    return reference


def whole_points(rectangle: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """Returns the largest rectangle of whole points inside, so that nothing is drawn over the box's border."""
    left, bottom, right, top = rectangle
    return math.ceil(left), math.ceil(bottom), math.floor(right), math.floor(top)


def tag_widget(writer: IncrementalPdfFileWriter, page: int, reference: Any, description: str) -> None:
    """Puts the widget of a field into the structure of the document, with what a screen reader says."""
    tree = writer.root["/StructTreeRoot"]
    parents = tree["/ParentTree"]
    numbers = parents["/Nums"]
    document_reference, document = _first_child(tree)
    page_reference, _ = writer.find_page_for_modification(page)  # type: ignore[no-untyped-call]
    key = 1 + max(int(numbers[index]) for index in range(0, len(numbers), 2))

    link = dictionary(
        Type=pdf_name("/OBJR"),
        Obj=local(writer, reference),
        Pg=local(writer, page_reference),
    )
    element = dictionary(
        Type=pdf_name("/StructElem"),
        S=pdf_name("/Form"),
        P=local(writer, document_reference),
        K=link,
        Alt=generic.TextStringObject(description),
    )
    element_reference = writer.add_object(element)
    _append_child(writer, document, element_reference)

    numbers += [_number(key), element_reference]
    tree[pdf_name("/ParentTreeNextKey")] = _number(key + 1)
    widget = reference.get_object()
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


def local(writer: IncrementalPdfFileWriter, reference: Any) -> Any:
    """Returns the same object number, resolved through the update instead of the file before it."""
    return generic.IndirectObject(reference.idnum, reference.generation, writer)  # type: ignore[no-untyped-call]


def dictionary(**entries: Any) -> generic.DictionaryObject:
    """Returns a dictionary of a PDF from its entries."""
    return generic.DictionaryObject({pdf_name(f"/{name}"): value for name, value in entries.items()})  # type: ignore[no-untyped-call]


def _number(value: int) -> generic.NumberObject:
    return generic.NumberObject(value)  # type: ignore[no-untyped-call]
