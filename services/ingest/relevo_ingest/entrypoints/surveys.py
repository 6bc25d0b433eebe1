"""`/survey/{token}`: what a message asks, and the form that answers it. A POST alone answers; a link fills in."""

import re
import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_contracts.sending import Answer, Sent
from relevo_contracts.standing import Standing
from relevo_contracts.surveys import ANSWER, Survey, answers_of, asked, is_open
from relevo_ingest.app.answer_survey import Given, SurveyCatalog, answer
from relevo_ingest.app.ports import KnownShop, ShopCatalog
from relevo_ingest.app.say_consent import ConsentDependencies
from relevo_ingest.core.errors import Busy
from relevo_ingest.entrypoints import survey_pages
from relevo_ingest.entrypoints.link_requests import (
    asked_language,
    bad_link,
    body_of,
    busy,
    link_of,
    page_response,
    shop_of,
)
from relevo_ingest.entrypoints.pages import Visit, spoken
from relevo_ingest.entrypoints.survey_pages import CHANGE, PREFIX, SEND, SHOWN, Form
from relevo_ingest.settings import IngestSettings
from relevo_runtime.clock import Clock
from relevo_runtime.links import Asked

_BODY_LIMIT = 65_536
_MOST_FIELDS = 500
_MOST_LANGUAGES = 20
_PAGE = re.compile(r"[0-9a-f]{16}")


class _Opened(Struct, frozen=True):
    """A page of a survey while it is asked for: of which message, to whom, in which language."""

    sent: Sent
    survey: Survey
    person: Standing
    visit: Visit


class SurveyPages(Struct, frozen=True):
    """The endpoints below `/survey/`. The token alone says who it is about: there is no cookie."""

    settings: IngestSettings
    shops: ShopCatalog
    surveys: SurveyCatalog
    consents: ConsentDependencies
    clock: Clock

    def routes(self) -> list[Route]:
        """Their routes."""
        path = "/survey/{token}"
        return [Route(path, self.show, methods=["GET"]), Route(path, self.follow, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """`GET /survey/{token}`: the questions, with the answer that was clicked filled in. It answers nothing."""
        opened = await self._opened(request)
        if isinstance(opened, Response):
            return opened
        first, clicked = opened.survey.questions[0], request.query_params.get(ANSWER, "")
        given = {first.name: (clicked,)} if clicked in first.values else {}
        return page_response(survey_pages.survey_form(opened.visit, opened.survey, _form(given)))

    async def follow(self, request: Request) -> Response:
        """`POST /survey/{token}`: the form. What was answered is on Kafka when the page says thank you."""
        opened = await self._opened(request)
        if isinstance(opened, Response):
            return opened
        survey, visit = opened.survey, opened.visit
        sent = parse_qs(await self._body(request), max_num_fields=_MOST_FIELDS)
        given = {one.name: tuple(sent.get(f"{PREFIX}{one.name}", ())) for one in survey.questions}
        if sent.get("do") == [CHANGE]:
            return page_response(survey_pages.survey_form(visit, survey, _form(given)))
        answers, faults = answers_of(survey, given)
        more = _more(survey, answers, sent.get(SHOWN, [""])[0].split())
        faults = {name: fault for name, fault in faults.items() if name not in more}
        page = sent.get("page", [""])[0]
        form = Form(page=page if _PAGE.fullmatch(page) else "", given=given, faults=faults, more=more)
        if faults or more or sent.get("do") != [SEND]:
            return page_response(survey_pages.survey_form(visit, survey, form), 422 if faults else 200)
        try:
            said = Given(answers=answers, page=form.page)
            await answer(self.consents.ingest, survey, opened.sent, said, key=opened.person.key, now=self.clock.now())
        except Busy:
            return busy(Visit(asked_language(request)), self.settings)
        return page_response(survey_pages.thanks(visit, survey, form))

    async def _opened(self, request: Request) -> _Opened | Response:
        """What the token stands for; or the page that says why there is nothing to answer."""
        sent = self._sent(request)
        if sent is None:
            return bad_link(request)
        try:
            shop = await self._shop(sent.shop)
            person = await self.consents.store.look(sent.shop, sent.key)
            survey = await self.surveys.asked(sent.version, sent.template)
        except Busy:
            return busy(Visit(asked_language(request)), self.settings)
        name, language = (shop.name if shop else "") or sent.shop, asked_language(request)
        if survey is None or person.erased or not is_open(survey, sent, self.clock.now()):
            return page_response(survey_pages.ended(Visit(language, name)), 410)
        locale = survey.locale_for(_wanted(request, shop, person))
        visit = Visit(spoken(locale) or language, name, sent.channel, locale=locale)
        return _Opened(sent, survey, person, visit)

    def _sent(self, request: Request) -> Sent | None:
        link = link_of(request, self.settings)
        return link.of if isinstance(link, Asked) else None

    async def _shop(self, name: str) -> KnownShop | None:
        """The shop. Raises `Busy` if it is held, since what is answered could not be stored."""
        shop = await shop_of(self.shops, name)
        if shop is not None and shop.held:
            raise Busy(shop.held)
        return shop

    async def _body(self, request: Request) -> str:
        body = await body_of(request, self.settings, _BODY_LIMIT)
        return body.decode("utf-8", "replace")


def _more(survey: Survey, answers: Mapping[str, Answer], shown: Sequence[str]) -> frozenset[str]:
    """The questions that these answers lead to and that the page did not have yet."""
    return frozenset(one.name for one in asked(survey, answers) if one.when is not None and one.name not in shown)


def _form(given: Mapping[str, Sequence[str]]) -> Form:
    """A form of a page of its own."""
    return Form(page=secrets.token_hex(8), given=given)


def _wanted(request: Request, shop: KnownShop | None, person: Standing) -> list[str]:
    """The person's own language, else those that the browser asks for, else the shop's."""
    own = person.contact.locale if person.contact is not None else ""
    asked = request.headers.get("accept-language", "").split(",")[:_MOST_LANGUAGES]
    return [own, *(one.partition(";")[0].strip() for one in asked), shop.locale if shop is not None else ""]
