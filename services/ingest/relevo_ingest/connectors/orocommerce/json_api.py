"""A JSON:API document: one resource, what it refers to, and what of that came with it. Source: jsonapi.org, 1.0."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from relevo_ingest.core import fields
from relevo_ingest.core.coercion import CannotCoerce, coerce
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Id, Text
from relevo_ingest.core.notes import cut

T = TypeVar("T", bound=Struct)
_MOST = 2_000
_LINKED = 500


class Reference(Struct, frozen=True):
    """What names a resource."""

    type: str
    id: str


class Resource(Struct, frozen=True, kw_only=True):
    """A resource. `attributes` is `None` where the document only names it; `where` is its place in the body."""

    reference: Reference
    attributes: Mapping[str, Any] | None = None
    relationships: Mapping[str, Any] = {}
    where: str = "eventData.data"

    @property
    def id(self) -> str:
        """Its id."""
        return self.reference.id

    def as_shape(self, shape: type[T]) -> T:
        """Its attributes, as far as they can be read. Raises `InvalidPayload` if they are not an object."""
        try:
            return coerce(self.attributes or {}, shape, f"{self.where}.attributes")
        except CannotCoerce as error:
            raise InvalidPayload(error.where, error.problem) from None

    def linked(self, name: str) -> Sequence[Reference]:
        """What the relationship refers to: nothing, one or many."""
        relationship = self.relationships.get(name)
        data = relationship.get("data") if isinstance(relationship, Mapping) else None
        listed = data if isinstance(data, list) else [data]
        found = [_reference(one) for one in cut(listed, _LINKED, f"{self.where}.relationships.{name}")]
        return [one for one in found if one is not None]

    def one(self, name: str) -> Reference | None:
        """The resource that a relationship refers to, if it is one."""
        return next(iter(self.linked(name)), None)

    def id_of(self, name: str) -> str:
        """The id of what a relationship refers to; empty if there is none."""
        found = self.one(name)
        return found.id if found else ""

    def has(self, name: str) -> bool:
        """Whether the document tells this relationship, be it that there is none."""
        relationship = self.relationships.get(name)
        return isinstance(relationship, Mapping) and "data" in relationship


class Document(Struct, frozen=True, kw_only=True):
    """The resource that a document is about, and those that came with it."""

    primary: Resource
    included: Mapping[Reference, Resource] = {}

    def follow(self, resource: Resource, name: str) -> Iterator[Resource]:
        """The resources of a relationship that came with the document."""
        for reference in resource.linked(name):
            if (found := self.included.get(reference)) is not None:
                yield found

    def first(self, resource: Resource, name: str) -> Resource | None:
        """The first of them."""
        return next(self.follow(resource, name), None)


def document(value: Any, where: str) -> Document:
    """The document that stands at the path `where`. Raises `InvalidPayload` if it is about nothing."""
    if not isinstance(value, Mapping):
        raise InvalidPayload(where, "is not a JSON:API document")
    primary = _resource(value.get("data"), f"{where}.data")
    if primary is None:
        raise InvalidPayload(f"{where}.data", "has no type and id: without them the message is about nothing")
    given = value.get("included")
    found = resources(cut(given, _MOST, f"{where}.included") if isinstance(given, list) else [], f"{where}.included")
    return Document(primary=primary, included={one.reference: one for one in found})


def resources(value: Any, where: str) -> list[Resource]:
    """Those of a list that can be read."""
    listed = value if isinstance(value, list) else []
    found = [_resource(one, f"{where}[{n}]") for n, one in enumerate(listed)]
    return [one for one in found if one is not None]


def _resource(value: Any, where: str) -> Resource | None:
    reference = _reference(value)
    if reference is None:
        return None
    relationships = value.get("relationships")
    return Resource(
        reference=reference,
        attributes=value.get("attributes"),
        relationships=relationships if isinstance(relationships, Mapping) else {},
        where=where,
    )


def _reference(value: Any) -> Reference | None:
    if not isinstance(value, Mapping):
        return None
    kind: Text = value.get("type")
    own: Id = value.get("id")
    if not isinstance(kind, str) or isinstance(own, bool) or not isinstance(own, str | int):
        return None
    found = Reference(fields.word(kind), fields.ident(own))
    return found if found.type and found.id else None
