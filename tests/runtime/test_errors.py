"""How an error is told in a line."""

from aiokafka.errors import KafkaConnectionError, KafkaError
from hypothesis import given
from hypothesis import strategies as st

from relevo_runtime.errors import MigrationError, described


@given(st.sampled_from([ValueError, OSError, KafkaError, KafkaConnectionError, TimeoutError]), st.text())
def test_the_kind_of_an_error_is_named_once_and_what_it_says_is_there(kind: type[Exception], text: str) -> None:
    said = described(kind(text))
    assert said.startswith(kind.__name__)
    assert text in said
    assert f"{kind.__name__}: {kind.__name__}" not in said.replace(text, "", 1)


def test_what_says_nothing_is_named_and_what_we_raise_speaks_for_itself() -> None:
    assert described(TimeoutError()) == "TimeoutError"
    assert described(KafkaError()) == "KafkaError"
    assert described(MigrationError("run it again")) == "run it again"
