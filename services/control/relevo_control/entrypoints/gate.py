"""What stands before every operation: who asks, whether they may, what the audit log says of it."""

import logging

from msgspec import structs
from starlette.requests import Request

from relevo_control.adapters import audit, tokens
from relevo_control.adapters.oidc import OidcUnavailable, Provider
from relevo_control.core.attempts import FailedAttempts
from relevo_control.core.audit import Entry
from relevo_control.core.oidc import group_roles, principal_of
from relevo_control.core.origins import Network, origin
from relevo_control.core.permissions import EVERY_SHOP, Principal
from relevo_control.entrypoints.calls import Call, Operation
from relevo_control.entrypoints.problems import NOT_ALLOWED, TOO_MANY_FAILURES, UNKNOWN_CALLER
from relevo_control.settings import ControlSettings
from relevo_runtime.clock import Clock
from relevo_runtime.postgres import Connection, Pool
from relevo_runtime.problems import Problem
from relevo_runtime.storable import storable_text

_log = logging.getLogger(__name__)
_LONGEST = 300
"""Of what a request names, this much goes into the audit log."""


class Gate:
    """Lets requests in. Failed log-ins are counted in this process."""

    def __init__(
        self, clock: Clock, attempts: FailedAttempts, trusted: list[Network], people: "People | None" = None
    ) -> None:
        self._people = people
        self._clock = clock
        self._attempts = attempts
        self._trusted = trusted

    def address(self, request: Request) -> str:
        """Where the request comes from."""
        peer = request.client.host if request.client is not None else ""
        return origin(peer, request.headers.get("x-forwarded-for", ""), self._trusted)

    async def principal(self, pool: Pool, request: Request) -> Principal:
        """Who asks. Raises `Problem`: 401 without a token that holds, 429 after too many of those.

        While the OpenID provider is asked, no connection of the pool is kept from others.
        """
        address, now = self.address(request), self._clock.now()
        wait = self._attempts.wait(address, now)
        if wait is not None:
            seconds = max(1, int(wait.total_seconds()) + 1)
            detail = f"too many log-ins from {address} have failed; come again in {seconds} s"
            raise TOO_MANY_FAILURES.problem(detail, headers={"Retry-After": str(seconds)})
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        text = text.strip() if scheme.lower() == "bearer" else ""
        async with pool.acquire() as connection:
            token = await tokens.find(connection, text)
        if token is not None and token.state(now) == "valid":
            return token.principal
        person = await self._person(text) if token is None else None
        if person is not None:
            return person
        if request.headers.get("authorization"):  # to ask without any token is not an attempt
            self._attempts.failed(address, now)
            why = token.state(now) if token is not None else "unknown"
            means = f"token {token.token_id}" if token is not None else ""
            failure = self._entry("logIn", request, f"refused: the token is {why}")
            async with pool.acquire() as connection:
                await self._note(connection, structs.replace(failure, means=means, object=request.method))
        raise _not_authentic()

    async def _person(self, text: str) -> Principal | None:
        """Who has logged in at the OpenID provider, if there is one. Raises `Problem` (503) if it doesn't answer."""
        if self._people is None or text.count(".") != 2:
            return None
        try:
            return await self._people.principal(text)
        except OidcUnavailable as error:
            _log.warning("nobody can log in by OIDC: %s", error)
            detail = "the OpenID provider does not answer; try again in 10 s, or use a token"
            raise Problem(503, "no-provider", "Nobody can log in now", detail, headers={"Retry-After": "10"}) from error

    async def permit(
        self, connection: Connection, operation: Operation, principal: Principal, request: Request
    ) -> frozenset[str]:
        """The shops for which they may do this. Raises `Problem` (403) if there is none."""
        shops = principal.shops(operation.permission)
        if not shops:
            refused = self._entry(operation.name, request, f"refused: no {operation.permission}", principal)
            named = str(request.path_params.get(operation.object, ""))
            await self._note(connection, structs.replace(refused, object=named))
            detail = f"{principal.name} may not: it needs the permission {operation.permission}"
            raise NOT_ALLOWED.problem(detail)
        return shops

    async def shop_of(self, operation: Operation, call: Call, request: Request) -> str:
        """The shop that the call is about (`*`: none in particular). Raises `Problem` (403) if it is not theirs."""
        shop = await operation.shop(call)
        if shop is not None and not call.principal.may(operation.permission, shop):
            whom = "every shop" if shop == EVERY_SHOP else f"the shop {shop[:_LONGEST]}"
            await self.record(operation, call, request, EVERY_SHOP, f"refused: does not act for {whom}")
            raise NOT_ALLOWED.problem(f"{call.principal.name} may not act for {whom}")
        return shop or EVERY_SHOP

    async def record(
        self, operation: Operation, call: Call, request: Request, shop: str, outcome: str, *, came_of: object = None
    ) -> None:
        """Writes into the audit log what somebody does, before it is done and after it, with what came of it."""
        entry = self._entry(operation.name, request, outcome, call.principal)
        named = str(call.path.get(operation.object) or getattr(came_of, operation.object or "none", ""))
        await self._note(call.connection, structs.replace(entry, shop=shop, object=named))

    def _entry(self, action: str, request: Request, outcome: str, principal: Principal | None = None) -> Entry:
        """What somebody does, for no shop in particular and about nothing named; `None`: nobody who is known."""
        return Entry(
            shop=EVERY_SHOP,
            at=self._clock.now(),
            actor=principal.name if principal is not None else "",
            means=principal.means if principal is not None else "",
            address=self.address(request),
            action=action,
            object="",
            outcome=outcome,
        )

    async def _note(self, connection: Connection, entry: Entry) -> None:
        texts = {name: value for name, value in structs.asdict(entry).items() if isinstance(value, str)}
        fitting = {name: storable_text(text)[:_LONGEST] for name, text in texts.items()}
        async with connection.transaction():
            added = await audit.append(connection, structs.replace(entry, **fitting))
        # Where logs are collected, they tell later that the entry was there: see `Anchor`.
        _log.info("written to the audit log", extra={"audit": structs.asdict(added.anchor)})


class People:
    """People who log in at an OpenID provider: who they are by their claims."""

    def __init__(self, provider: Provider, settings: ControlSettings) -> None:
        self._provider = provider
        self._settings = settings
        self._roles = group_roles(settings.control_oidc_roles)

    async def principal(self, text: str) -> Principal | None:
        """Who has this ID token; `None` if it is not one that holds. Raises `OidcUnavailable`."""
        claims = await self._provider.claims(text)
        if claims is None:
            return None
        name, groups = self._settings.control_oidc_name_claim, self._settings.control_oidc_groups_claim
        return principal_of(claims, self._roles, name_claim=name, groups_claim=groups)


def _not_authentic() -> Problem:
    detail = "send a token that holds: Authorization: Bearer TOKEN; `relevo tokens create` makes one"
    return UNKNOWN_CALLER.problem(detail, headers={"WWW-Authenticate": "Bearer"})
