"""The table `control.token`. Every function works inside the caller's transaction."""

from datetime import datetime

import msgspec

from relevo_control.core.tokens import Token, hash_of, id_of, is_of
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_control.adapters", "tokens.sql")


async def add(connection: Connection, token: Token, text: str) -> None:
    """Keeps a new token: of its `text` the hash alone."""
    row = (token.shop, token.token_id, token.name, hash_of(text), token.roles, token.created_at, token.expires_at)
    await connection.execute(STATEMENTS["add"], *row)


async def find(connection: Connection, text: str) -> Token | None:
    """The token that this is the text of, whether it holds or not; `None`: there is none."""
    token_id = id_of(text)
    row = await connection.fetchrow(STATEMENTS["find"], token_id or "")
    if not is_of(text, row["hash"] if row is not None else None) or row is None:
        return None
    return msgspec.convert(dict(row), Token)


async def tokens(connection: Connection) -> list[Token]:
    """Every token, the newest first."""
    return [msgspec.convert(dict(row), Token) for row in await connection.fetch(STATEMENTS["all"])]


async def revoke(connection: Connection, token_id: str, at: datetime) -> bool:
    """The token holds no longer; false if there is none that held."""
    return await connection.execute(STATEMENTS["revoke"], token_id, at) != "UPDATE 0"
