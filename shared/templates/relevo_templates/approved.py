"""Fills in a template that WhatsApp approved: what is sent are its parameters, what is read is the whole text.

Source: Meta, "Templates" of the WhatsApp Business Platform: a header of 60 characters, a body of 1,024, and no line
breaks, tabs or long gaps in a parameter, nor one that is empty.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from relevo_contracts.template import Approved, Parameter, Template, TemplateTexts
from relevo_templates.addresses import web_address
from relevo_templates.errors import TemplateError
from relevo_templates.formats import Formats
from relevo_templates.texts import Text, shortened

HEADER_GREATEST = 60
BODY_GREATEST = 1024
HOLE = re.compile(r"\{\{\s*(\d{1,2})\s*\}\}")
"""Where a parameter goes in an approved text."""


class ApprovedTexts:
    """What goes into an approved template, parsed once."""

    def __init__(self, template: Template, approved: Approved) -> None:
        self._file = f"templates/{template.name}.yaml"
        self._approved = approved
        self._locales = template.locales
        self._header = self._parsed(approved.header) if approved.header is not None else None
        self._body = [Text(part, file=f"{self._file} (approved.body)") for part in approved.body]
        self._buttons = [self._parsed(one) for one in approved.buttons]

    def _parsed(self, parameter: Parameter) -> Text:
        media = parameter.kind in ("image", "video", "document")
        file = f"{self._file} (approved, {parameter.kind})"
        return Text(parameter.text, file=file, into="address" if media else "text")

    def filled(
        self, locale: str, context: Mapping[str, Any], formats: Formats
    ) -> tuple[Approved, str, tuple[str, ...]]:
        """What is sent, the text as its reader sees it, and what was shortened. Raises `TemplateError`."""
        texts = self._locales[locale]
        body = [self._one(text, context, formats, f"{number} of the body") for number, text in enumerate(self._body, 1)]
        body, notes = _fitting(str(texts.get("body", "")), body, BODY_GREATEST)
        header = self._filled_header(texts, context, formats)
        buttons = [
            structs.replace(one, text=self._one(text, context, formats, f"of the button {one.index}"))
            for one, text in zip(self._approved.buttons, self._buttons, strict=True)
        ]
        filled = structs.replace(
            self._approved,
            header=header,
            body=tuple(body),
            buttons=tuple(buttons),
            language=str(texts.get("language", "")),
        )
        return filled, _shown(texts, filled), notes

    def _filled_header(self, texts: TemplateTexts, context: Mapping[str, Any], formats: Formats) -> Parameter | None:
        header = self._approved.header
        if header is None or self._header is None:
            return None
        text = self._one(self._header, context, formats, "of the header")
        if header.kind == "text":
            [text], _ = _fitting(str(texts.get("header", "")), [text], HEADER_GREATEST)
        elif not web_address(text):
            raise TemplateError(self._file, 0, f"the {header.kind} of the header is not a web address: {text[:80]!r}")
        return structs.replace(header, text=text)

    def _one(self, text: Text, context: Mapping[str, Any], formats: Formats, which: str) -> str:
        filled = " ".join(text.render(context, formats).split())
        if not filled:
            message = f"the parameter {which} is empty, which WhatsApp refuses: give it a default"
            raise TemplateError(self._file, 0, message)
        return filled


def _fitting(text: str, parameters: Sequence[str], greatest: int) -> tuple[list[str], tuple[str, ...]]:
    """The parameters, of which the longest are shortened as far as the whole text is too long."""
    found, notes = list(parameters), []
    while (excess := len(_put(text, found)) - greatest) > 0 and max(map(len, found), default=0) > 1:
        longest = max(range(len(found)), key=lambda index: len(found[index]))
        notes.append(f"the text had {excess + greatest} characters, and its parameter {longest + 1} was shortened")
        found[longest] = shortened(found[longest], max(len(found[longest]) - excess, 1))
    return found, tuple(notes)


def _put(text: str, parameters: Sequence[str]) -> str:
    def of(hole: "re.Match[str]") -> str:
        number = int(hole[1])
        return parameters[number - 1] if 0 < number <= len(parameters) else hole[0]

    return HOLE.sub(of, text)


def _shown(texts: TemplateTexts, filled: Approved) -> str:
    """The message for a person: header, body and footer, and what was put into the buttons."""
    header = str(texts.get("header", ""))
    if filled.header is not None:
        text = filled.header.text
        header = _put(header, [text]) if filled.header.kind == "text" else f"[{filled.header.kind}: {text}]"
    buttons = "\n".join(f"[{one.kind}: {one.text}]" for one in filled.buttons)
    parts = (header, _put(str(texts.get("body", "")), filled.body), str(texts.get("footer", "")), buttons)
    return "\n\n".join(filter(None, parts))


def language_code(locale: str) -> str:
    """A BCP 47 tag as Meta writes it: `en-US` is en_US, and `zh-Hans-CN` zh_CN."""
    language, *rest = locale.replace("_", "-").split("-")
    region = next((part.upper() for part in rest if len(part) == 2), "")
    return f"{language}_{region}" if region else language
