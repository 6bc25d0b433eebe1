"""`relevo init`: whatever a shop chooses, what is written passes its own check and tests; nothing is written over."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from typer.testing import CliRunner

from relevo_cli.authoring.samples import sample
from relevo_cli.authoring.sources import shipped_library
from relevo_cli.commands.check import findings
from relevo_cli.commands.shop_checks import CUSTOM, PLATFORMS
from relevo_cli.commands.test import suite_of
from relevo_cli.errors import CommandError
from relevo_cli.main import application
from relevo_cli.shop_repository.choices import Choices, Limits, check_flows, check_languages, check_limits, check_tone
from relevo_cli.shop_repository.feeding import plan_of
from relevo_cli.shop_repository.files import flows_of_library, read_library, repository, write
from relevo_cli.shop_repository.languages import without_languages
from relevo_cli.shop_repository.limits import policy_tests, with_limits
from relevo_cli.shop_repository.tones import TONES, with_greeting
from relevo_cli.workflow_files import workflow_folders
from relevo_contracts.payloads import SAID_BY_RELEVO
from relevo_templates.formats import formats_of
from relevo_templates.texts import Text
from relevo_workflow import Definition, check_starts, diagnose_policy
from relevo_workflow.testing import run_policy_tests

CLI = CliRunner()
NAMES = flows_of_library()
TIGHT = Limits(1, 3, "20:00-10:00")
FEW = ("order-status", "double-opt-in", "watch-cart")


@pytest.fixture(scope="module")
def library() -> dict[str, Definition]:
    return read_library()


def relevo(*arguments: str) -> tuple[int, str, str]:
    """The exit code, standard output, and the sentence about what is wrong."""
    result = CLI.invoke(application(arguments[0]), arguments)
    error = result.exception
    assert error is None or isinstance(error, SystemExit | CommandError), result.output
    return result.exit_code, result.stdout, str(error or "")


def proven(folder: Path) -> None:
    """Check and tests find nothing, and every path is covered."""
    folders = list(workflow_folders(folder / "workflows"))
    assert folders
    assert list(findings(folders)) == []
    for one in folders:
        suite = suite_of(one)
        assert suite.problems == ()
        assert [failure for result in suite.results for failure in result.failures] == []
        assert suite.results
        assert suite.coverage.missed == ()


@pytest.mark.parametrize("name", NAMES)
def test_each_flow_alone_passes_in_english_with_narrow_limits(tmp_path: Path, name: str) -> None:
    choices = Choices("tea", CUSTOM, ("en",), (name,), TIGHT)
    write(repository(choices, read_library((name,))), tmp_path / "tea")
    proven(tmp_path / "tea")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_platform_gets_what_it_can_start(tmp_path: Path, library: dict[str, Definition], platform: str) -> None:
    plan = plan_of(library, platform, ())
    assert {*plan.flows} | {*plan.left_out} == {*library}
    made = repository(Choices("tea", platform, ("en", "it"), FEW), library)
    write(made, tmp_path / "tea")
    proven(tmp_path / "tea")
    page = (tmp_path / "tea/README.md").read_text()
    assert f"on {platform}, in en, it" in page
    assert "`watch-article`: `watch-cart` starts it" in page


@pytest.mark.parametrize("tone", TONES)
def test_a_tone_greets_and_takes_leave_in_each_language(tmp_path: Path, tone: str) -> None:
    flows = ("order-status", "return", "quote", "shipping", "promotion")
    made = repository(Choices("tea", CUSTOM, flows=flows, tone=tone), read_library(flows))
    write(made, tmp_path / "tea")
    proven(tmp_path / "tea")
    found = sample(str(tmp_path / "tea/workflows/return"), "received")
    for locale, greeting in TONES[tone].named.items():
        message = found.rendered(locale)
        hello = greeting.replace("{{ customer.first_name }}", "Luca")
        goodbye = TONES[tone].farewell[locale].replace("{shop}", "The Shop")
        for text in (message.text, message.html):
            assert text.index(hello) < text.index(goodbye)


@pytest.mark.parametrize("tone", TONES)
def test_whoever_has_no_name_is_greeted_without_and_nobody_twice(tone: str) -> None:
    mail = (
        "channel: email\nen:\n  body: [One., Two.]\nes:\n  heading: 'Hola, {{ customer.first_name }}'\n  body: [Uno.]\n"
    )
    made = YAML(typ="safe", pure=True).load(with_greeting(mail, tone))
    assert made["es"]["body"] == ["Uno."]
    first, *rest = made["en"]["body"]
    assert rest == ["One.", "Two."]
    assert Text(first).render({"customer": {"first_name": ""}}, formats_of("en", "UTC")) == TONES[tone].unnamed["en"]
    sms = "channel: sms\nen: {text: Hello}\n"
    assert with_greeting(sms, tone) == sms


def test_without_a_tone_nobody_is_greeted() -> None:
    mail = "channel: email\nen: {body: [One.]}\n"
    assert with_greeting(mail, "none") == mail
    with pytest.raises(CommandError, match="did you mean 'friendly'"):
        check_tone("frendly")


def test_a_flow_that_nothing_starts_is_left_out_and_said_or_kept_by_name(library: dict[str, Definition]) -> None:
    left_out = plan_of(library, "prestashop", ()).left_out
    assert left_out["quote"] == ["quote.requested"]
    named = plan_of(library, "prestashop", ("quote",))
    assert named.flows == ("quote",)
    assert "quote.requested" in named.missing["quote"]
    assert plan_of(library, CUSTOM, ()).left_out == {}


@given(chosen=st.sets(st.sampled_from(NAMES), min_size=1), platform=st.sampled_from(PLATFORMS))
def test_any_choice_is_coherent(chosen: set[str], platform: str) -> None:
    known = _library_once()
    plan = plan_of(known, platform, chosen)
    there = {name: known[name] for name in plan.flows}
    assert chosen <= {*there}
    assert {*there} - chosen == {*plan.added}
    assert not SAID_BY_RELEVO & {event for events in plan.missing.values() for event in events}
    assert [fault for one in there.values() for fault in check_starts(one, there, complete=True)] == []


_ONCE: dict[str, Definition] = {}


def _library_once() -> dict[str, Definition]:
    if not _ONCE:
        _ONCE.update(read_library())
    return _ONCE


_HOURS = st.times().map(lambda one: one.strftime("%H:%M"))


@given(a_day=st.integers(1, 6), more=st.integers(0, 30), begin=_HOURS, end=_HOURS)
def test_whatever_the_limits_are_the_policy_keeps_them(a_day: int, more: int, begin: str, end: str) -> None:
    try:
        limits = check_limits(Limits(a_day, a_day + more, f"{begin}-{end}"))
    except CommandError:
        assert begin == end
        return
    policy, found = diagnose_policy({"policy.yaml": with_limits(_policy(), limits)})
    assert policy is not None
    assert not found
    assert [cap.most for cap in policy.caps] == [a_day, a_day + more]
    suite = run_policy_tests(policy, "policy.tests.yaml", policy_tests(limits))
    assert not suite.problems
    assert [str(failure) for one in suite.results for failure in one.failures] == []


def _policy() -> str:
    return (shipped_library() / "policy.yaml").read_text()


def test_languages_that_are_left_out_are_nowhere(tmp_path: Path) -> None:
    chosen = ("abandoned-cart", "order-status")
    write(repository(Choices("tea", "shopify", ("en", "es"), chosen), read_library(chosen)), tmp_path / "tea")
    texts = [*(tmp_path / "tea/workflows").rglob("*.yaml")]
    spoken = [one for one in texts if one.parent.name in ("templates", "surveys", "blocks", "layouts")]
    assert {one.parent.name for one in spoken} == {"templates", "surveys", "blocks", "layouts"}
    for one in spoken:
        document = YAML(typ="safe").load(one.read_text())
        assert _keys(document).isdisjoint({"it", "de", "fr", "pt"}), one
        assert {"en", "es"} <= _keys(document), one


def _keys(node: object) -> set[str]:
    if isinstance(node, dict):
        return {*map(str, node)}.union(*map(_keys, node.values()))
    return set[str]().union(*map(_keys, node)) if isinstance(node, list) else set()


def test_text_without_the_languages_keeps_its_comments() -> None:
    text = "# said\ntitle: {en: A, it: B}\nen: {text: 'x'}  # here\nit: {text: y}\n"
    assert without_languages(text, {"it"}) == "# said\ntitle: {en: A}\nen: {text: 'x'}  # here\n"
    assert without_languages(text, {"fr"}) == text


def test_all_languages_and_the_usual_limits_are_the_library_itself(tmp_path: Path) -> None:
    write(repository(Choices("tea", "shopify", flows=("birthday",)), read_library(("birthday",))), tmp_path / "tea")
    for path in (tmp_path / "tea/workflows/birthday").rglob("*.yaml"):
        inside = path.relative_to(tmp_path / "tea/workflows")
        assert path.read_text() == (shipped_library() / inside).read_text()


def test_the_command_writes_tests_and_says_what_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--platform", "shopify", "--languages", "es", "--flows", "order-status", "--most-a-week", "4")
    code, said, _ = relevo("init", "tea", *options, "--yes", "--json")
    assert code == 0
    document = json.loads(said)
    assert document["plan"]["flows"] == ["order-status"]
    assert document["passed"] == document["tests"] > 0
    github = YAML(typ="safe").load(Path("tea/.github/workflows/workflows.yml").read_text())
    steps = [one["run"] for one in github["jobs"]["test"]["steps"] if "run" in one]
    gitlab = YAML(typ="safe").load(Path("tea/.gitlab-ci.yml").read_text())
    assert gitlab["workflows"]["script"] == steps
    assert "relevo check --strict" in steps
    assert any(one.startswith("relevo test --coverage-min 100") for one in steps)
    assert Path("tea/.gitignore").is_file()


def test_a_folder_that_is_there_is_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tea").mkdir()
    Path("tea/mine").write_text("mine")
    code, _, why = relevo("init", "tea", "--platform", "shopify", "--yes")
    assert code == 1
    assert "tea is there already" in why
    assert [path.name for path in Path("tea").iterdir()] == ["mine"]
    made = repository(Choices("tea", "shopify", flows=("birthday",)), read_library(("birthday",)))
    with pytest.raises(CommandError, match="is there already"):
        write(made, Path("tea"))


def test_without_a_terminal_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert relevo("init", "tea")[2].startswith("--platform is missing")
    assert relevo("init", "tea", "--yes")[2].startswith("--platform is missing")
    assert "or --yes" in relevo("init", "tea", "--platform", "shopify")[2]
    assert not Path("tea").exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("Tea!",), "not a valid name for a shop"),
        (("tea", "--platform", "shopware"), "platform 'shopware' is not supported"),
        (("tea", "--languages", "en,sv"), "no language of the library 'sv': there are en, es, it"),
        (("tea", "--languages", " , "), "no language is chosen"),
        (("tea", "--flows", "welcom"), "did you mean 'welcome'"),
        (("tea", "--most-a-day", "0"), "at least one a day"),
        (("tea", "--most-a-day", "9", "--most-a-week", "3"), "no fewer a week than a day"),
        (("tea", "--quiet-hours", "21-8"), "not quiet hours"),
        (("tea", "--quiet-hours", "08:00-08:00"), "not quiet hours"),
    ],
)
def test_what_can_not_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    platform = () if "--platform" in options else ("--platform", "shopify")
    code, _, said = relevo("init", *options, *platform, "--yes")
    assert code == 1
    assert why in said
    assert list(tmp_path.iterdir()) == []


def test_lists_are_read_with_spaces_and_in_any_order() -> None:
    assert check_languages(" it ,en") == ("en", "it")
    assert check_languages("it") == ("en", "it")
    assert check_flows("all", NAMES) == ()
    assert check_flows("welcome, birthday", NAMES) == ("birthday", "welcome")
