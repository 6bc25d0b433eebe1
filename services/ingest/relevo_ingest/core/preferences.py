"""What somebody gets by which channel, and what they say by choosing otherwise on the preference page. Pure."""

from datetime import datetime, timedelta
from typing import Literal, get_args

from msgspec import Struct

from relevo_contracts.consents import LINK, UNKNOWN
from relevo_contracts.contact import CHANNELS, Channel, Contact
from relevo_contracts.link_rules import TRACKING_TOPIC, LinkRules
from relevo_contracts.mailboxes import masked
from relevo_contracts.payloads import Buyer, ConsentChanged
from relevo_contracts.policy import MARKETING, Asked, Policy, refusal
from relevo_contracts.standing import Standing

PAGE = "preference-page"
"""The source of what is said on the page."""
PREFERRED = "preferred_channel"
"""The topic of a statement that is about the preferred channel and grants nothing."""
UNFOLLOWED = LinkRules(tracking="off")
AGREES_WITHIN = timedelta(days=90)
"""So long after its message a link proves that whoever follows it reads the mail of that address."""
_Purpose = Literal["marketing", "newsletter", "product_news", "survey", "partners"]
_NEAREST: dict[str, _Purpose] = {one: one for one in get_args(_Purpose)}


class FollowedLink(Struct, frozen=True, kw_only=True):
    """A signed link that was followed: of which message to whom, by which channel, to which masked address, and when.

    `at` is `None` for links that prove nothing of their own time.
    """

    shop: str
    key: str
    channel: Channel
    address: str = ""
    at: datetime | None = None


class Choice(Struct, frozen=True):
    """One purpose by one channel: whether the person gets it, and whether they can agree to it here."""

    purpose: str
    channel: Channel
    on: bool
    can_agree: bool

    @property
    def name(self) -> str:
        """Its name in the form."""
        return f"{self.channel}/{self.purpose}"


class Selection(Struct, frozen=True, kw_only=True):
    """What a form was sent with: names of choices that were ticked, of those that it `showed` as ticked."""

    ticked: frozenset[str]
    showed: frozenset[str]
    preferred: str = ""


class Choices(Struct, frozen=True, kw_only=True):
    """All that there is to choose. `addresses` are masked, by each channel by which the person is reached.

    `tracking`: whether the shop may see what the person opens and follows; `None` if it does not want to.
    """

    addresses: dict[Channel, str]
    choices: tuple[Choice, ...]
    tracking: Choice | None = None
    preferred: Channel | Literal[""] = ""

    def of(self, channel: Channel) -> list[Choice]:
        """What there is to choose for one channel."""
        return [one for one in self.choices if one.channel == channel]


class Proof(Struct, frozen=True, kw_only=True):
    """With what words the page asked, and from where it was answered."""

    wording_version: str
    ip_hash: str
    labels: dict[str, str]


def choices_of(person: Standing, link: FollowedLink, now: datetime, rules: LinkRules = UNFOLLOWED) -> Choices:
    """What the person of a link gets by now, as the decision to send sees it.

    Whoever has a link to an address that is not the person's by now learns nothing: there is but leaving.
    """
    contact = person.contact or Contact()
    if not contact.address(link.channel) or link.address != masked(contact.address(link.channel)):
        return Choices(addresses={link.channel: link.address}, choices=())
    addresses = {one: masked(contact.address(one)) for one in CHANNELS if _is_shown(contact, one)}
    fresh = link.at is not None and now - link.at <= AGREES_WITHIN
    found = []
    for channel in addresses:
        for purpose in purposes_of(person.policy):
            on = _gets(person, contact, channel, purpose, now)
            found.append(Choice(purpose, channel, on, fresh and channel == link.channel))
    tracking = _tracking(contact, link.channel, rules, can_agree=fresh) if rules.tracking != "off" else None
    return Choices(addresses=addresses, choices=tuple(found), tracking=tracking, preferred=contact.preferred)


def _tracking(contact: Contact, channel: Channel, rules: LinkRules, *, can_agree: bool) -> Choice:
    said = contact.topic_consent(channel, TRACKING_TOPIC).state
    on = said != "withdrawn" and (said == "granted" or rules.consent == "assumed")
    return Choice(TRACKING_TOPIC, channel, on, can_agree)


def _is_shown(contact: Contact, channel: Channel) -> bool:
    """Whether somebody can be reached by a channel; by WhatsApp and push only who ever spoke of it."""
    if channel in ("email", "sms"):
        return bool(contact.address(channel))
    prefix = f"{channel}/"
    return contact.consent(channel) != UNKNOWN or any(name.startswith(prefix) for name in contact.topics)


def purposes_of(policy: Policy) -> list[str]:
    """The purposes that people may choose, marketing first."""
    own = policy.purposes if policy.version else {}
    return [MARKETING, *(name for name, one in own.items() if one.kind != "transactional" and name != MARKETING)]


def statements(choices: Choices, contact: Contact, selection: Selection, proof: Proof) -> list[ConsentChanged]:
    """What the person says by sending the form: nothing of what they left as it was shown.

    Where anything changes by a channel, each purpose is said anew, all at one instant: so each is as it was ticked,
    whatever covers it. Whoever wants nothing more by a channel has left it, for each of its customers.
    """
    said: list[ConsentChanged] = []
    for channel in choices.addresses:
        wanted = {one.purpose: _wanted(one, selection) for one in choices.of(channel)}
        if all(wanted[one.purpose] == one.on for one in choices.of(channel)):
            continue
        if not any(wanted.values()):
            said.append(left(channel))
            continue
        said += [
            _said(contact, one, wanted[one.purpose], proof)
            for one in choices.of(channel)
            if one.purpose != MARKETING or wanted[MARKETING] != one.on
        ]
    return said + _about_tracking(choices, contact, selection, proof) + _preferred(choices, selection, proof)


def left(channel: Channel) -> ConsentChanged:
    """The withdrawal of all that is not transactional by a channel, for the address and whoever has it."""
    return ConsentChanged(customer=Buyer(), channel=channel, state="withdrawn", source=LINK)


def _gets(person: Standing, contact: Contact, channel: Channel, purpose: str, now: datetime) -> bool:
    asked = Asked(
        policy=person.policy,
        channel=channel,
        purpose=MARKETING,
        topic="" if purpose == MARKETING else purpose,
        key=person.key,
        contact=contact,
        unsubscribed=person.unsubscribed.get(channel),
        not_after=now,
    )
    return refusal(asked) is None


def _wanted(one: Choice, selection: Selection) -> bool:
    ticked, showed = one.name in selection.ticked, one.name in selection.showed
    if ticked == showed:
        return one.on
    return ticked and (one.on or one.can_agree)


def _said(contact: Contact, one: Choice, wanted: bool, proof: Proof) -> ConsentChanged:
    """The statement about one purpose. What is granted is granted to the address; it holds for no other."""
    address = contact.address(one.channel) if wanted else ""
    buyer = Buyer(email=address) if one.channel == "email" else Buyer(phone=address)
    return ConsentChanged(
        customer=buyer,
        channel=one.channel,
        state="granted" if wanted else "withdrawn",
        purpose=_NEAREST.get(one.purpose, "product_news"),
        topic="" if one.purpose in _NEAREST else one.purpose,
        source=PAGE,
        form=PAGE,
        wording=proof.labels.get(one.purpose, one.purpose),
        wording_version=proof.wording_version,
        ip_hash=proof.ip_hash,
        double_opt_in=wanted and one.can_agree,
    )


def _about_tracking(choices: Choices, contact: Contact, selection: Selection, proof: Proof) -> list[ConsentChanged]:
    """Who objects does so by each channel; who agrees does so by that of the link."""
    one = choices.tracking
    if one is None or (wanted := _wanted(one, selection)) == one.on:
        return []
    channels = [one.channel] if wanted else list(choices.addresses)
    return [_said(contact, Choice(one.purpose, channel, one.on, one.can_agree), wanted, proof) for channel in channels]


def _preferred(choices: Choices, selection: Selection, proof: Proof) -> list[ConsentChanged]:
    for channel in choices.addresses:
        if channel == selection.preferred != choices.preferred:
            return [
                ConsentChanged(
                    customer=Buyer(),
                    channel=channel,
                    state="withdrawn",
                    purpose="product_news",
                    topic=PREFERRED,
                    preferred=True,
                    source=PAGE,
                    form=PAGE,
                    wording_version=proof.wording_version,
                    ip_hash=proof.ip_hash,
                )
            ]
    return []
