"""A connection URL is read as it is meant, or refused with what to mend; nothing of a password is ever shown."""

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_runtime.errors import Unreachable
from relevo_runtime.migrations import pending
from relevo_runtime.postgres import open_pool
from relevo_runtime.postgres_url import fault_of

PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=12)


def url_with(password: str) -> str:
    return f"postgresql://relevo:{password}@db.example.com:5432/relevo"


@given(PASSWORDS)
def test_a_password_is_read_as_it_is_meant_or_refused(password: str) -> None:
    if fault_of(url_with(password)) is None:
        parts = urlsplit(url_with(password))
        assert (parts.username, parts.password, parts.hostname) == ("relevo", password, "db.example.com")
    assert fault_of(url_with(quote(password, safe=""))) is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://relevo@/relevo?host=/run/a%20folder&port=5432",
        "postgres://relevo@db1:5432,db2:5433/relevo?target_session_attrs=primary",
        "postgresql://relevo@[::1]:5432/relevo",
        "postgresql:///relevo",
        "postgresql://relevo@db/relevo?sslrootcert=/a b&sslmode=verify-full",
    ],
)
def test_what_can_be_is_taken(url: str) -> None:
    assert fault_of(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://relevo:hun@ter:2@db/relevo",
        "postgresql://relevo:123/hunter2@db/relevo",
        "postgresql://relevo:hunter/2@db/relevo",
        "postgresql://relevo:hunter?2@db/relevo",
        "postgresql://relevo:hunter?2=3@db/relevo",
        "postgresql://relevo:hunter#2@db/relevo",
        "postgresql://relevo:hunter%2@db/relevo",
        "postgresql://relevo:hunter[2@db/relevo",
        "postgresql://relevo@db/relevo?port=hunter2",
        "postgresql://relevo@db:hunter2/relevo",
        "relevo:hunter2@db/relevo",
        "host=db password=hunter2",
    ],
)
async def test_what_can_not_be_is_told_without_a_word_of_it(url: str) -> None:
    for connect in (open_pool(url, application_name="relevo-tests"), pending(url, [])):
        with pytest.raises(Unreachable, match="the connection URL in RELEVO_POSTGRES is not of the form") as refused:
            await connect
        assert "hunter" not in str(refused.value)
        assert refused.value.__cause__ is None
