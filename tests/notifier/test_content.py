"""Content is that of the version in service, for runs of earlier versions too: editors change it for all of them."""

from email import message_from_bytes, policy

import msgspec

from relevo_contracts.content import Block, Entry, EntryTexts, ShownBlock
from relevo_contracts.template import Template
from relevo_notifier.adapters import past_deliveries
from relevo_runtime import catalog
from tests.notifier.conftest import Post
from tests.notifier.support import NOON, delivery, files

OLD, NEW, OTHER = "0123456789abcde0", "0123456789abcde1", "0123456789abcde2"
TEXTS: dict[str, str | list[str]] = {"subject": "Hello", "heading": "Hello", "body": ["Hello"], "button": "Go on"}
MAIL = Template(
    name="reminder", channel="email", layout="plain", blocks=(ShownBlock(block="news"),), locales={"en": TEXTS}
)
SHOWN = "{% for block in blocks %}{{ block.entries | map: 'text' | join: ' ' }}{% endfor %}"


def with_news(*texts: str) -> dict[str, str]:
    """The files of a version whose mail shows news."""
    entries = tuple(Entry(id=text.lower(), locales={"en": EntryTexts(text=text)}) for text in texts)
    blocks = {"news": Block(name="news", entries=entries)} if entries else {}
    return {
        **files(MAIL),
        "layouts/plain.txt": SHOWN,
        "compiled/blocks.json": msgspec.json.encode(blocks).decode(),
    }


async def deploy(post: Post, version: str, content: dict[str, str], shop: str = "*") -> None:
    async with post.pool.acquire() as connection, connection.transaction():
        await catalog.deploy(connection, shop=shop, workflow="abandoned-cart", version=version, files=content, at=NOON)


def told(post: Post, number: int) -> str:
    """The text of the mail that arrived as the `number`th."""
    content = post.sandbox.box.mail(number)
    assert content is not None
    body = message_from_bytes(content, policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).strip()


async def test_a_run_of_an_earlier_version_shows_what_is_in_service(post: Post) -> None:
    await deploy(post, OLD, with_news("Yesterday"))
    async with post.notifier() as notifier:
        await post.publish(delivery(1, definition=OLD))
        await post.settled(1)
        await deploy(post, NEW, with_news("Today"))
        await notifier.refresh(NOON)
        await post.publish(delivery(2, definition=OLD))
        await post.settled(2)
        await deploy(post, OTHER, with_news("Ours"), shop="acme")
        await notifier.refresh(NOON)
        await post.publish(delivery(3, definition=OLD))
        await post.settled(3)
    assert [told(post, number) for number in (1, 2, 3)] == ["Yesterday", "Today", "Ours"]
    async with post.pool.acquire() as connection:  # as `relevo explain` reads it
        past = [await past_deliveries.of_customer(connection, "acme", delivery(n).key, NOON) for n in (1, 2, 3)]
    assert [one.reason for [one] in past] == [f"it shows news/{name}" for name in ("yesterday", "today", "ours")]


async def test_what_is_not_in_service_any_more_is_that_of_the_run(post: Post) -> None:
    await deploy(post, OLD, with_news("Yesterday"))
    await deploy(post, NEW, with_news())
    async with post.notifier() as notifier:
        await post.publish(delivery(1, definition=OLD))
        await post.settled(1)
        async with post.pool.acquire() as connection, connection.transaction():
            await catalog.retire(connection, shop="*", workflow="abandoned-cart", at=NOON, by="ann", note="over")
        await notifier.refresh(NOON)
        await post.publish(delivery(2, definition=OLD))
        await post.settled(2)
    assert [told(post, number) for number in (1, 2)] == ["Yesterday", "Yesterday"]
