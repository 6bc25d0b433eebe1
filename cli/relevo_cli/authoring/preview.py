"""A workflow as one page for a browser: its picture, and its messages in every language as the tests fill them in."""

from collections.abc import Iterator
from html import escape

from relevo_templates.errors import TemplateError
from relevo_workflow import Definition, Send
from relevo_workflow.diagram import diagram_of, render_svg
from relevo_workflow.testing import MessageReader, Previews

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }}
  iframe {{ width: 100%; max-width: 44rem; height: 42rem; border: 1px solid #8886; }}
  pre {{ white-space: pre-wrap; max-width: 44rem; padding: 1rem; border: 1px solid #8886; }}
</style>
<h1>{title}</h1>
{picture}
{messages}
</html>
"""


def page(definition: Definition, previews: Previews) -> str:
    """The page. `previews` knows the messages that tests sent; a template that none sends is named."""
    title = escape(definition.title or definition.name)
    parts = [part for name in definition.templates for part in _messages(definition, name, previews)]
    return _PAGE.format(title=title, picture=render_svg(diagram_of(definition)), messages="\n".join(parts))


def _messages(definition: Definition, name: str, previews: Previews) -> Iterator[str]:
    if name not in previews.samples:
        yield f"<h2>{escape(name)}</h2><p>No test sends it.</p>"
        return
    send, reader = previews.samples[name]
    for locale in definition.templates[name].locales:
        yield _message(send, MessageReader((locale, *reader.locales), reader.zone), locale, previews)


def _message(send: Send, reader: MessageReader, locale: str, previews: Previews) -> str:
    head = f"<h2>{escape(send.template)} · {escape(locale)}</h2>"
    try:
        message = previews.of(send, reader)
    except TemplateError as error:
        return f"{head}<p>{escape(str(error))}</p>"
    if not message.html:
        return f"{head}<pre>{escape(message.text)}</pre>"
    frame = f'<iframe sandbox srcdoc="{escape(message.html)}"></iframe>'
    return f"{head}<p><b>{escape(message.subject)}</b></p>{frame}<details><pre>{escape(message.text)}</pre></details>"
