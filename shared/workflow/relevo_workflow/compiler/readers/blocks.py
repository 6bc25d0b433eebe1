"""Reads the content that templates share (`blocks/<name>.yaml`), and which of it a template shows."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date

from msgspec import structs

from relevo_contracts.content import Block, Entry, EntryTexts, ShownBlock
from relevo_contracts.languages import language
from relevo_contracts.template import Template
from relevo_templates.addresses import web_address
from relevo_templates.blocks import categories_of
from relevo_templates.locales import same_language
from relevo_templates.texts import is_liquid
from relevo_workflow.syntax.diagnostics import Diagnostic, Position, Problems, suggestion
from relevo_workflow.syntax.fields import Fields, parse_day
from relevo_workflow.syntax.yaml_source import Node, read_yaml
from relevo_workflow.values.reader import Reading

BLOCKS_FOLDER = "blocks/"
_ENTRY_FIELDS = ("id", "categories", "from", "until", "link", "image")
_TEXTS = EntryTexts.__struct_fields__
_EXAMPLE = "entries: [{id: ana, en: {text: …}}]"
_LOCALE = re.compile(r"^[a-z]{2,3}([-_][A-Za-z0-9]+)*$")


def read_blocks(files: Mapping[str, str], problems: Problems) -> dict[str, Block]:
    """The content blocks by name; what is wrong with one is noted at its place."""
    return {block.name: block for block, _ in _blocks(files, problems)}


def shown_by(templates: Mapping[str, Template], blocks: Mapping[str, Block]) -> dict[str, Block]:
    """Those of `blocks` that a template shows."""
    names = {shown.block for template in templates.values() for shown in template.blocks}
    return {name: block for name, block in blocks.items() if name in names}


def ended_entries(files: Mapping[str, str], today: date) -> list[Diagnostic]:
    """A warning for each entry of content whose last day is before `today`: nobody will see it again."""
    found = Problems()
    for block, nodes in _blocks(files, Problems()):
        for entry in block.entries:
            if entry.until is not None and entry.until < today and entry.id in nodes:
                message = f"'{entry.id}' is not shown any more: its last day was {entry.until.isoformat()}"
                found.warning(nodes[entry.id], message, "give it another 'until', or take it out")
    return found.warnings


def read_shown_blocks(
    fields: Fields, channel: str, reading: Reading, check: Callable[[Node], None], blocks: Mapping[str, Block]
) -> tuple[ShownBlock, ...]:
    """The blocks that a template shows; `check` looks through a text of the template."""
    node = fields.get("blocks")
    if node is None:
        return ()
    if channel != "email":
        fields.wrong("blocks", f"only a mail shows content blocks, and this template is for {channel}")
        return ()
    given = node.items if node.items is not None else (node,)
    return tuple(filter(None, (_shown(one, reading, check, blocks) for one in given)))


def one_after_the_other(templates: Mapping[str, Template]) -> dict[str, Template]:
    """The templates, each of which takes up in a block where the one before it ends."""
    taken: dict[str, int] = {}
    found: dict[str, Template] = {}
    for name, template in templates.items():
        shown = []
        for one in template.blocks:
            shown.append(structs.replace(one, skip=taken.get(one.block, 0)))
            taken[one.block] = taken.get(one.block, 0) + one.count
        found[name] = structs.replace(template, blocks=tuple(shown)) if shown else template
    return found


def warn_of_gaps(root: Node, template: Template, blocks: Mapping[str, Block], problems: Problems) -> None:
    """A language of the template in which a block that it shows may have nothing to show."""
    for shown in template.blocks if not problems.errors else ():  # one of them may be the reason
        block = blocks.get(shown.block)
        entries = block.entries if block is not None else ()
        always = [one for one in entries if _goes_with(one, shown) and one.since is None and one.until is None]
        for locale in template.locales if entries else ():
            if not any(same_language(locale, tag) for one in always for tag in one.locales):
                where = (root.entries or {})["blocks"].position
                message = f"the block '{shown.block}' may have nothing to show in '{locale}', and is left out then"
                problems.warning(where, message, _fallback(shown))


def _goes_with(entry: Entry, shown: ShownBlock) -> bool:
    """Whether a template can count on the entry whatever its category turns out to be."""
    if not shown.category or not entry.categories:
        return True
    return not is_liquid(shown.category) and bool(categories_of(shown.category) & set(entry.categories))


def _fallback(shown: ShownBlock) -> str:
    general = "without 'categories', 'from' and 'until'" if shown.category else "without 'from' and 'until'"
    return f"add an entry {general} that has texts in it"


def _shown(
    node: Node, reading: Reading, check: Callable[[Node], None], blocks: Mapping[str, Block]
) -> ShownBlock | None:
    if node.is_text:
        name, count, category = node.text, 1, None
        where = node.position
    else:
        fields = Fields(node, reading.problems, "a block of a template", "blocks: [{block: testimonials, count: 1}]")
        name, count = fields.text("block", required=True), fields.count("count", 1)
        category = fields.get("category")
        where = fields.position("block")
        fields.done()
    if not name:
        return None
    if name not in blocks:
        advice = suggestion(name, blocks) or f"add {BLOCKS_FOLDER}{name}.yaml"
        reading.problems.error(where, f"there is no content block '{name}'", advice)
        return None
    if category is not None:
        _check_category(category, blocks[name], reading.problems, check)
    return ShownBlock(block=name, count=count, category=category.text if category is not None else "")


def _check_category(node: Node, block: Block, problems: Problems, check: Callable[[Node], None]) -> None:
    if node.entries is not None or node.items is not None or not node.text.strip():
        problems.error(node.position, "'category' must be text", 'such as coffee, or Liquid: "{{ trigger.… }}"')
        return
    check(node)
    known = {name for entry in block.entries for name in entry.categories}
    for name in sorted(categories_of(node.text) - known) if not is_liquid(node.text) else ():
        message = f"no entry of '{block.name}' has the category '{name}'"
        problems.warning(node.position, message, suggestion(name, known))


def _blocks(files: Mapping[str, str], problems: Problems) -> Iterator[tuple[Block, dict[str, Position]]]:
    """Each block, with the places of its entries."""
    for path in sorted(files):
        if path.startswith(BLOCKS_FOLDER) and path.endswith((".yaml", ".yml")):
            name = path.removeprefix(BLOCKS_FOLDER).rsplit(".", 1)[0]
            root = read_yaml(path, files[path], problems)
            yield _block(name, root, problems) if root is not None else (Block(name=name, entries=()), {})


def _block(name: str, root: Node, problems: Problems) -> tuple[Block, dict[str, Position]]:
    fields = Fields(root, problems, "a content block", _EXAMPLE)
    title = _title(fields.get("title"), problems)
    node = fields.need("entries", _EXAMPLE)
    fields.done()
    if node is not None and not node.items:
        problems.error(node.position, f"'entries' must be a list, but this is {_what(node)}", _EXAMPLE)
    entries: dict[str, Entry] = {}
    places: dict[str, Position] = {}
    for one in (node.items if node is not None else None) or ():
        entry = _entry(one, problems)
        if entry.id in entries:
            problems.error(one.position, f"there are two entries '{entry.id}'", "each needs an id of its own")
        entries[entry.id], places[entry.id] = entry, one.position
    _compare(tuple(entries.values()), title, places, problems)
    return Block(name=name, title=title, entries=tuple(entries.values())), places


def _what(node: Node) -> str:
    return "empty" if node.items == () else node.kind


def _title(node: Node | None, problems: Problems) -> dict[str, str]:
    if node is None:
        return {}
    found: dict[str, str] = {}
    Fields(node, problems, "'title'", "title: {en: What customers say}")  # which notes what is not a mapping
    for key, text in (node.entries or {}).items():
        if not language(key):
            problems.error(node.keys[key], f"'{key}' is not the code of a language", "such as en, es or pt-BR")
        found[key] = _plain_text("title", text, problems)
    return found


def _entry(node: Node, problems: Problems) -> Entry:
    fields = Fields(node, problems, "an entry", _EXAMPLE)
    name = fields.name("id", required=True)
    since, until = _day(fields, "from"), _day(fields, "until")
    if since is not None and until is not None and until < since:
        fields.wrong("until", f"'{name}' ends before it begins", "'until' is its last day")
    image = _address(fields, "image")
    if image and not image.startswith(("https://", "http://")):
        fields.wrong("image", f"'{image}' is not the address of an image", "https://shop.example.com/….jpg")
    categories = {one.strip().casefold() for one in fields.texts("categories")}
    entry = Entry(
        id=name,
        categories=tuple(sorted(categories)),
        since=since,
        until=until,
        link=_address(fields, "link"),
        image=image,
        locales=_locales(fields, problems),
    )
    fields.done()
    _check_whole(entry, node, problems)
    return entry


def _day(fields: Fields, name: str) -> date | None:
    text = fields.text(name)
    day = parse_day(text) if text else None
    if text and day is None:
        fields.wrong(name, f"'{text}' is not a day", f"write {name}: 2026-12-24")
    return day


def _address(fields: Fields, name: str) -> str:
    text = fields.text(name)
    found = web_address(text) if text else ""
    if text and (not found or is_liquid(text)):
        fields.wrong(name, f"'{text}' is not a web address", "https://shop.example.com/…")
    return found


def _locales(fields: Fields, problems: Problems) -> dict[str, EntryTexts]:
    found: dict[str, EntryTexts] = {}
    for key, node in (fields.node.entries or {}).items():
        if key in _ENTRY_FIELDS or node.entries is None or not _LOCALE.match(key):
            continue
        fields.get(key)
        if not language(key):
            problems.error(fields.position(key), f"'{key}' is not the code of a language", "such as en, es or pt-BR")
            continue
        texts = Fields(node, problems, f"the texts in '{key}'")
        given = {name: texts.get(name) for name in _TEXTS}
        found[key] = EntryTexts(
            **{name: _plain_text(name, one, problems) for name, one in given.items() if one is not None}
        )
        texts.done()
    return found


def _plain_text(name: str, node: Node, problems: Problems) -> str:
    if node.entries is not None or node.items is not None or not node.text.strip():
        problems.error(node.position, f"'{name}' must be text, but this is {node.kind}")
        return ""
    if is_liquid(node.text):
        message = "content is shown as it stands, so Liquid can't be filled in here"
        problems.error(node.position, message, "say it in the template, or without a value")
    return node.text.strip()


def _check_whole(entry: Entry, node: Node, problems: Problems) -> None:
    """What an entry needs in each of its languages: something to read, and an image in words."""
    if not entry.locales:
        problems.error(node.position, "an entry needs texts in at least one language", "en: {text: …}")
    for locale, texts in entry.locales.items():
        where = node.keys.get(locale, node.position)
        if not (texts.title or texts.text):
            problems.error(where, f"'{locale}' of '{entry.id}' needs a 'title' or a 'text'")
        if entry.image and not texts.alt:
            message = f"'{locale}' of '{entry.id}' has no 'alt', which says what its image shows"
            problems.error(where, message, "for who can't see it")
        if entry.link and not (texts.more or texts.title):
            problems.error(where, f"'{locale}' of '{entry.id}' has no words for its link", "more: Read on")


def _compare(
    entries: Collection[Entry], title: Mapping[str, str], places: Mapping[str, Position], problems: Problems
) -> None:
    """A language that one entry (or the heading) has and another lacks is most likely forgotten."""
    every = {locale for one in entries for locale in one.locales} | set(title)
    for one in entries:
        for locale in sorted(every - set(one.locales)) if one.locales else ():
            message = f"'{one.id}' has no texts in '{locale}', and others have: it is not shown in that language"
            problems.warning(places[one.id], message)
    for locale in sorted(every - set(title)) if title else ():
        problems.warning(next(iter(places.values())), f"there is no 'title' in '{locale}', in which there are entries")
