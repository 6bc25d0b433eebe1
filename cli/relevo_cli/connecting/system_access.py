"""Whether a system lets us in, by the conversation that it has for that, over the network of this machine."""

from msgspec import Struct
from msgspec.structs import replace

from relevo_cli import addresses
from relevo_notifier.adapters.http_calls import HttpCaller
from relevo_notifier.app.converse import Interrupted, Limit, converse
from relevo_notifier.core.network import Allowed
from relevo_notifier.core.replies import Replied, Reply
from relevo_notifier.core.requests import Request
from relevo_notifier.core.systems import Access, Declined, Later, System
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.clock import SystemClock

_SECONDS = 30.0


class Checked(Struct, frozen=True):
    """Whose account it is, or why we are not let in."""

    account: str = ""
    failure: str = ""


async def check_access(system: System, access: Access) -> Checked:
    """Ask the system something harmless. Private addresses are asked where the notifier would ask them."""
    found = addresses.of_system(addresses.running(addresses.DATA))
    settings = NotifierSettings(**found)  # type: ignore[arg-type]  # pydantic checks each value
    caller, clock, limit = HttpCaller(Allowed.parse(settings.notifier_call_hosts)), SystemClock(), Limit.of(_SECONDS)

    async def ask(request: Request) -> Reply:
        return await caller.ask(request, clock.now())

    try:
        if system.sign_in is not None:
            token = await converse(system.sign_in(access, clock.now()), access.base_url, ask, limit)
            access = replace(access, token=token.value)
        return Checked(account=await converse(system.probe(access), access.base_url, ask, limit))
    except Interrupted as interrupted:
        return Checked(failure=_words(interrupted.reply, system))
    except (Declined, Later) as declined:
        return Checked(failure=str(declined))
    except Exception as error:  # noqa: BLE001 - whatever answers at this address, it is not the system
        return Checked(failure=f"what answers at {access.base_url} is not {system.title} ({type(error).__name__})")


def _words(reply: Reply, system: System) -> str:
    return f"{system.title} answered {reply.status}" if isinstance(reply, Replied) else reply.reason
