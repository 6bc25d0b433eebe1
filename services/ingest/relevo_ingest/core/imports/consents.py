"""What an imported statement about consent must say: whom, by which channel, when, and how it can be proven."""

from typing import Any

_STATES = {
    "subscribed": "granted", "opted_in": "granted", "opt_in": "granted", "yes": "granted", "true": "granted",
    "1": "granted", "unsubscribed": "withdrawn", "opted_out": "withdrawn", "opt_out": "withdrawn", "no": "withdrawn",
    "false": "withdrawn", "0": "withdrawn", "cleaned": "withdrawn", "unconfirmed": "pending",
}  # fmt: skip
_ALLOWED = ("granted", "withdrawn", "pending")
DOUBLE_OPT_IN = "double_opt_in"


def completed(data: dict[str, Any], basis: str) -> list[tuple[str, str]]:
    """Completes a statement in place; returns what is missing or wrong, as (path, problem).

    Who may be written to has to be proven (GDPR Art. 7(1)): a grant says where it was given and on what it rests. A
    withdrawal needs no reason.
    """
    state = str(data.get("state", "")).strip().lower().replace("-", "_").replace(" ", "_")
    data["state"] = _STATES.get(state, state)
    person = data["customer"]
    if not data.get("channel") and person.get("email") and not person.get("phone"):
        data["channel"] = "email"
    wrong = list(_wrong(data, person, basis))
    if not wrong:
        _prove(data, basis)
    return wrong


def _wrong(data: dict[str, Any], person: dict[str, Any], basis: str) -> list[tuple[str, str]]:
    wrong = []
    if data["state"] not in _ALLOWED:
        wrong.append(("state", f"{data['state'][:40]!r} is not one of {', '.join(_ALLOWED)}"))
    needed = "email" if data.get("channel") == "email" else "phone"
    if data.get("channel") in ("email", "sms", "whatsapp") and not person.get(needed):
        wrong.append((f"customer.{needed}", f"is empty: consent holds for the {needed} that is given with it"))
    if data["state"] in ("granted", "pending"):
        if not data.get("source"):
            wrong.append(("source", "is empty: say where it was given"))
        if not basis:
            wrong.append(("basis", "is empty: say on what it rests, such as double_opt_in"))
    return wrong


def _prove(data: dict[str, Any], basis: str) -> None:
    if basis.strip().lower().replace("-", "_").replace(" ", "_") == DOUBLE_OPT_IN:
        data["double_opt_in"] = True
    source = data.get("source") or "import"
    data["source"] = f"{source} ({basis})" if basis else source
