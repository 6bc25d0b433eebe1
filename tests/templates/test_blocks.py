"""Which entries of a content block a mail shows: by language, day and category; the same for the same run."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.content import Block, Entry, EntryTexts, ShownBlock
from relevo_contracts.template import Template
from relevo_templates.blocks import Occasion, categories_of, chosen
from relevo_templates.messages import Rendered, Templates
from tests.templates.test_messages import FILES

DAY = date(2026, 3, 10)
NAMES = ("coffee", "tea", "")


def entry(name: str, *locales: str, **changes: object) -> Entry:
    texts = {locale: EntryTexts(text=f"{name} in {locale}") for locale in locales or ("en",)}
    return msgspec.structs.replace(Entry(id=name, locales=texts), **changes)


def names(found: tuple[Entry, ...]) -> list[str]:
    return [one.id for one in found]


def pick(*entries: Entry, locale: str = "en", run: str = "r", wished: str = "", **shown: object) -> list[str]:
    block = Block(name="news", entries=entries)
    asked = ShownBlock(**{"block": "news", "category": wished, **shown})  # type: ignore[arg-type]  # checked by tests
    return names(chosen(block, asked, categories_of(wished), locale, day=DAY, run=run))


def test_an_entry_is_shown_from_its_first_day_to_its_last() -> None:
    first, last = entry("first", since=DAY), entry("last", until=DAY)
    assert pick(first, last, count=2) == ["first", "last"]
    assert pick(entry("tomorrow", since=date(2026, 3, 11)), entry("yesterday", until=date(2026, 3, 9))) == []


def test_an_entry_is_shown_to_whoever_reads_its_language() -> None:
    both = entry("german", "de"), entry("brazilian", "pt-BR")
    assert pick(*both, locale="pt-PT") == ["brazilian"]
    assert pick(*both, locale="fr") == []


def test_a_category_comes_first_and_what_goes_with_everything_fills_up() -> None:
    every = entry("tea", categories=("tea",)), entry("general"), entry("coffee", categories=("coffee",))
    assert pick(*every, wished="Coffee") == ["coffee"]
    assert pick(*every, wished="coffee, tea", count=3) == ["tea", "general", "coffee"]
    assert pick(*every, wished="garden") == ["general"]
    assert len(pick(*every, count=3)) == 3  # a template that names no category takes any


def test_the_next_mail_of_a_run_shows_another() -> None:
    every = [entry(str(number)) for number in range(3)]
    shown = [pick(*every, skip=skip) for skip in range(3)]
    assert sorted(name for one in shown for name in one) == ["0", "1", "2"]


def test_different_runs_see_all_of_them() -> None:
    every = [entry(str(number)) for number in range(4)]
    assert {pick(*every, run=f"run-{number}")[0] for number in range(100)} == {"0", "1", "2", "3"}


@st.composite
def contents(draw: st.DrawFn) -> list[Entry]:
    """Entries in whatever languages, categories and days."""
    days = st.none() | st.dates(date(2026, 3, 1), date(2026, 3, 20))
    found = []
    for number in range(draw(st.integers(0, 6))):
        locales = draw(st.sets(st.sampled_from(["en", "es", "it"]), min_size=1))
        categories = tuple(draw(st.sets(st.sampled_from(["coffee", "tea"]))))
        found.append(entry(str(number), *locales, categories=categories, since=draw(days), until=draw(days)))
    return found


@given(contents(), st.integers(1, 4), st.integers(0, 9), st.sampled_from(NAMES), st.text(max_size=5))
def test_only_what_fits_is_shown_and_the_same_again(
    entries: list[Entry], count: int, skip: int, wished: str, run: str
) -> None:
    found = pick(*entries, count=count, skip=skip, wished=wished, run=run)
    assert found == pick(*entries, count=count, skip=skip, wished=wished, run=run)
    fitting = {one.id for one in entries if one.is_shown_on(DAY) and "en" in one.locales}
    allowed = {one.id for one in entries if not wished or not one.categories or wished in one.categories} & fitting
    assert set(found) <= allowed
    assert len(found) == min(count, len(allowed))
    assert found == sorted(found)  # in the order of the file


@dataclass(frozen=True)
class Mail:
    """A mail that shows news of the categories in the customer's tags."""

    content: dict[str, Block]

    def at(self, at: datetime, **customer: object) -> Rendered:
        shown = ShownBlock(block="news", category="{{ customer.tags | join: ',' }}")
        texts: dict[str, str | list[str]] = {"subject": "Hello", "heading": "Hello", "body": ["Hello"]}
        template = Template(name="m", channel="email", layout="message", blocks=(shown,), locales={"en": texts})
        templates = Templates({"m": template}, FILES, {"news": Block(name="news", entries=(entry("own"),))})
        context = {"customer": customer, "shop": {"name": "Acme"}}
        return templates.render("m", context, ("en",), "Europe/Madrid", occasion=Occasion("r", at, self.content))


def test_a_mail_shows_it_escaped_with_its_link_and_its_image_in_words() -> None:
    texts = EntryTexts(title="Pots & pans", text="<b>New</b>", by="Ana", more="Look", alt='A "pot"')
    link, image = "https://shop.example.com/p?a=1&b=2", "https://shop.example.com/p.jpg"
    one = Entry(id="pots", locales={"en": texts}, link=link, image=image)
    block = Block(name="news", entries=(one,), title={"en": "News"})
    found = Mail({"news": block}).at(datetime(2026, 3, 10, tzinfo=UTC))
    assert found.blocks == ("news/pots",)
    assert "&lt;b&gt;New&lt;/b&gt;" in found.html
    assert 'href="https://shop.example.com/p?a=1&amp;b=2"' in found.html
    assert 'alt="A &quot;pot&quot;"' in found.html or 'alt="A &#34;pot&#34;"' in found.html
    assert "Pots & pans\n<b>New</b>\nAna\nLook: https://shop.example.com/p?a=1&b=2" in found.text


def test_days_are_those_of_whoever_reads_it() -> None:
    tomorrow = Mail({"news": Block(name="news", entries=(entry("e", since=date(2026, 3, 11)),))})
    assert tomorrow.at(datetime(2026, 3, 10, 22, 30, tzinfo=UTC)).blocks == ()
    assert tomorrow.at(datetime(2026, 3, 10, 23, 30, tzinfo=UTC)).blocks == ("news/e",)  # 00:30 in Madrid


def test_what_has_nothing_to_show_is_left_out_with_its_heading() -> None:
    empty = Mail({"news": Block(name="news", entries=(), title={"en": "What is new"})})
    found = empty.at(datetime(2026, 3, 10, tzinfo=UTC))
    assert "What is new" not in found.html + found.text
    assert found.notes == ("nothing of the block 'news' fits, so it was left out",)


def test_a_block_that_is_not_there_any_more_is_that_of_the_version() -> None:
    assert Mail({}).at(datetime(2026, 3, 10, tzinfo=UTC)).blocks == ("news/own",)


def test_the_category_is_made_of_what_is_known_then() -> None:
    both = (entry("tea", categories=("tea",)), entry("general"))
    mail = Mail({"news": Block(name="news", entries=both)})
    at = datetime(2026, 3, 10, tzinfo=UTC)
    assert mail.at(at, tags=["vip", "Tea"]).blocks == ("news/tea",)
    assert mail.at(at, tags=[]).blocks == ("news/general",)
