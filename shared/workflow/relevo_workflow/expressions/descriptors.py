"""Shapes as protobuf descriptors, which is what CEL's type checker reads field names and types from."""

from collections.abc import Iterable

from google.protobuf import descriptor_pb2, struct_pb2, timestamp_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from relevo_workflow.expressions.shapes import Shape, structs_in

PACKAGE = "relevo"
_SCALARS = {
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int": FieldDescriptorProto.TYPE_INT64,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "string": FieldDescriptorProto.TYPE_STRING,
}


def descriptor_pool(shapes: Iterable[Shape]) -> DescriptorPool:
    """A pool with one message `relevo.<name>` for each record that `shapes` reach."""
    pool = DescriptorPool()
    for known in (timestamp_pb2.DESCRIPTOR, struct_pb2.DESCRIPTOR):
        copy = descriptor_pb2.FileDescriptorProto()
        known.CopyToProto(copy)
        pool.Add(copy)
    pool.Add(_file(structs_in(shapes)))
    return pool


def _file(structs: dict[str, Shape]) -> FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="relevo.proto",
        package=PACKAGE,
        syntax="proto3",
        dependency=["google/protobuf/timestamp.proto", "google/protobuf/struct.proto"],
    )
    for name, shape in sorted(structs.items()):
        message = file.message_type.add(name=name)
        for number, (field, field_shape) in enumerate(shape.fields.items(), start=1):
            _add_field(message, field, number, field_shape)
    return file


def _add_field(message: DescriptorProto, name: str, number: int, shape: Shape) -> None:
    label = FieldDescriptorProto.LABEL_OPTIONAL
    if shape.kind in ("list", "map"):
        label = FieldDescriptorProto.LABEL_REPEATED
    added = message.field.add(name=name, number=number, label=label)
    if shape.kind == "map":
        entry = "".join(part.capitalize() for part in name.split("_")) + "Entry"
        _add_entry(message, entry, shape.item)
        added.type = FieldDescriptorProto.TYPE_MESSAGE
        added.type_name = f".{PACKAGE}.{message.name}.{entry}"
        return
    _set_type(added, shape.item if shape.kind == "list" else shape)


def _add_entry(message: DescriptorProto, name: str, value: Shape | None) -> None:
    entry = message.nested_type.add(name=name)
    entry.options.map_entry = True
    entry.field.add(
        name="key", number=1, label=FieldDescriptorProto.LABEL_OPTIONAL, type=FieldDescriptorProto.TYPE_STRING
    )
    _set_type(entry.field.add(name="value", number=2, label=FieldDescriptorProto.LABEL_OPTIONAL), value)


def _set_type(added: FieldDescriptorProto, shape: Shape | None) -> None:
    scalar = _SCALARS.get(shape.kind) if shape is not None else None
    if scalar is not None:
        added.type = scalar
        return
    added.type = FieldDescriptorProto.TYPE_MESSAGE
    if shape is not None and shape.kind == "struct":
        added.type_name = f".{PACKAGE}.{shape.name}"
    elif shape is not None and shape.kind == "timestamp":
        added.type_name = ".google.protobuf.Timestamp"
    else:
        added.type_name = ".google.protobuf.Value"
