"""Workflows and messages as pages for a browser."""

from collections.abc import Iterator, Sequence
from html import escape

from relevo_cli.authoring.samples import Sample, in_bytes, in_parameters, in_segments
from relevo_templates.errors import TemplateError
from relevo_templates.messages import Rendered
from relevo_workflow import Definition, Send
from relevo_workflow.diagram import diagram_of, render_svg
from relevo_workflow.testing import MessageReader, Previews

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">{again}
<title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }}
  iframe {{ width: 100%; max-width: 44rem; height: 42rem; border: 1px solid #8886; }}
  iframe.phone {{ max-width: 375px; margin-left: 1rem; }}
  pre {{ white-space: pre-wrap; max-width: 44rem; padding: 1rem; border: 1px solid #8886; }}
</style>
<h1>{title}</h1>
{body}
</html>
"""
_AGAIN = '\n<meta http-equiv="refresh" content="2">'


def page(definition: Definition, previews: Previews) -> str:
    """A workflow's picture, and its messages in every language as the tests fill them in; loads itself anew.

    `previews` knows the messages that tests sent; a template that none sends is named.
    """
    parts = [part for name in definition.templates for part in _messages(definition, name, previews)]
    return _page(definition.title or definition.name, [render_svg(diagram_of(definition)), *parts], again=_AGAIN)


def message_page(found: Sample, languages: Sequence[str]) -> str:
    """One message in these languages: as wide as a mail program on a desk, and as narrow as a phone.

    Raises `TemplateError`.
    """
    parts = [_shown(locale, found.rendered(locale), narrow=True) for locale in languages]
    return _page(f"{found.definition.title or found.definition.name} · {found.send.template}", parts)


def _page(title: str, parts: Sequence[str], again: str = "") -> str:
    return _PAGE.format(title=escape(title), again=again, body="\n".join(parts))


def _messages(definition: Definition, name: str, previews: Previews) -> Iterator[str]:
    if name not in previews.samples:
        yield f"<h2>{escape(name)}</h2><p>No test sends it.</p>"
        return
    send, reader = previews.samples[name]
    for locale in definition.templates[name].locales:
        yield _message(send, MessageReader((locale, *reader.locales), reader.zone), locale, previews)


def _message(send: Send, reader: MessageReader, locale: str, previews: Previews) -> str:
    title = f"{send.template} · {locale}"
    try:
        return _shown(title, previews.of(send, reader))
    except TemplateError as error:
        return f"<h2>{escape(title)}</h2><p>{escape(str(error))}</p>"


def _shown(title: str, message: Rendered, *, narrow: bool = False) -> str:
    head = f"<h2>{escape(title)}</h2>"
    if not message.html:
        title = f"<p><b>{escape(message.subject)}</b></p>" if message.subject else ""
        return f"{head}{title}<pre>{escape(message.text)}</pre><p>{escape(_below(message))}</p>"
    frames = "".join(
        f'<iframe sandbox class="{width}" srcdoc="{escape(message.html)}"></iframe>'
        for width in (("desk", "phone") if narrow else ("desk",))
    )
    return f"{head}<p><b>{escape(message.subject)}</b></p>{frames}<details><pre>{escape(message.text)}</pre></details>"


def _below(message: Rendered) -> str:
    """What is paid for, or approved, or how much of what may be sent it is."""
    if message.approved is not None:
        return in_parameters(message.approved)
    return in_bytes(message) if message.subject else in_segments(message.text)
