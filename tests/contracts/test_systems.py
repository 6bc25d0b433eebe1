"""The ports: their names, their types and their examples."""

import re

import msgspec
import pytest
from msgspec import inspect

from relevo_contracts.systems import OPERATIONS, PORTS, Operation

ALL = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))


@ALL
def test_an_operation_has_a_name_a_summary_and_an_example_that_fits(operation: Operation) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", operation.name)
    assert operation.port in PORTS
    assert re.fullmatch(r"[a-z].*[^.]", operation.summary)
    assert isinstance(operation.example, operation.answer)
    assert msgspec.json.decode(msgspec.json.encode(operation.example), type=operation.answer) == operation.example


@ALL
def test_what_the_step_says_of_every_answer_is_no_field_of_one(operation: Operation) -> None:
    assert not {"ok", "failure", "error"} & set(operation.answer.__struct_fields__)


@ALL
def test_a_field_of_a_later_release_is_left_alone(operation: Operation) -> None:
    for one in (operation.given, operation.answer):
        info = inspect.type_info(one)
        assert isinstance(info, inspect.StructType)
        assert not info.forbid_unknown_fields
