"""What the READMEs and docs/ promise: short, scannable, and true about files and commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.baking import ROOT, TEMPLATE, files

READMES = ("README.md", f"{TEMPLATE}/README.md")
INFRASTRUCTURE = f"{TEMPLATE}/infrastructure/README.md"
PACKAGES = ("packages/sagelocal/README.md", "packages/sagetabular/README.md")
DOCS = tuple(sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")))
DOCS_INDEX = "docs/index.md"
# Whose lines have no limit; commands and links in them are checked like all others.
FREE = (
    *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("benchmarks/*/README.md")),
    f"{TEMPLATE}/AGENTS.md",
    f"{TEMPLATE}/vendor/README.md",
)
PAGES = (*READMES, INFRASTRUCTURE, *PACKAGES, *DOCS)
MOST_WORDS = {READMES[0]: 450, READMES[1]: 450, INFRASTRUCTURE: 450, PACKAGES[1]: 300}
LONGEST_LINE = 100
LONGEST_PARAGRAPH = 50
MOST_LINES_OF_A_PROJECT = 85
AVOIDED = re.compile(r"\blocalsage\b|\bmend|pretend|\btold\b|h[eo]ld against", re.IGNORECASE)
# Pages whose `make` is the template's, or of both; all others name targets of a project.
OF_BOTH = (READMES[0], "docs/studio.md")
OF_THE_TEMPLATE = ("docs/developing.md", "benchmarks/")
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_INDENTED = re.compile(r"^ {4}.*$", re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_MENTION = re.compile(r"(?<![\w/.:-])docs/[\w./-]*[\w/]")
# Rows of a table, which cannot be broken, where they name tests by path and name.
_NAMES_TESTS = re.compile(r"\|.*\btest_\w+\.py")
_MAKE = re.compile(r"^make ([a-z]+)")
_PIPELINE = re.compile(r"^(?:eval \"\$\()?(?:\S*/)?pipeline ([a-z].*)$")


def _read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def _prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return _INDENTED.sub("", _FENCE.sub("", text))


def _paragraphs(text: str) -> Iterator[str]:
    """Yield paragraphs, and each item of a list; tables and headings are none."""
    for block in re.split(r"\n\s*\n", _prose(text)):
        for part in re.split(r"^(?=[-*] |\d+\. )", block, flags=re.MULTILINE):
            if part.strip() and not part.startswith(("|", "#")):
                yield part


def _commands(text: str) -> Iterator[str]:
    """Yield each command in blocks of code and in spans, without its comment."""
    blocks = [line for fence in _FENCE.findall(text) for line in fence.splitlines()]
    rest = _FENCE.sub("", text)
    lines = [*blocks, *_INDENTED.findall(rest), *_SPAN.findall(_INDENTED.sub("", rest))]
    for line in lines:
        for command in re.split(r"&&|;", re.sub(r"(^|\s)#.*", "", line)):
            yield command.strip()


def _targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z]+):", _read(makefile), flags=re.MULTILINE))


def _links(text: str) -> list[str]:
    """Return the relative links of a page."""
    return [link for link in _LINK.findall(_SPAN.sub("", _prose(text))) if "://" not in link]


def _anchors(page: Path) -> set[str]:
    """Return what a link can name in a page: its headings, as GitHub writes them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", MOST_WORDS)
def test_a_readme_is_short(page: str) -> None:
    assert len(_read(page).split()) <= MOST_WORDS[page]


def test_the_readme_of_a_project_leaves_room_in_what_a_team_owns() -> None:
    assert len(_read(READMES[1]).splitlines()) <= MOST_LINES_OF_A_PROJECT


@pytest.mark.parametrize("page", [*READMES, INFRASTRUCTURE])
def test_paragraphs_of_a_readme_are_short(page: str) -> None:
    found = {text: len(text.split()) for text in _paragraphs(_read(page))}
    assert {text: n for text, n in found.items() if n > LONGEST_PARAGRAPH} == {}


@pytest.mark.parametrize("page", PAGES)
def test_lines_fit_on_a_screen(page: str) -> None:
    lines = enumerate(_read(page).splitlines(), start=1)
    long = [(number, line) for number, line in lines if len(line) > LONGEST_LINE]
    assert [found for found in long if not _NAMES_TESTS.match(found[1])] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_uses_the_words_of_the_trade(page: str) -> None:
    assert AVOIDED.findall(_read(page)) == []


@pytest.mark.parametrize("page", [*PAGES, *FREE])
def test_relative_links_lead_somewhere(page: str) -> None:
    lost = []
    for link in _links(_read(page)):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            lost.append(link)
    assert lost == []


def test_the_list_of_pages_has_every_page() -> None:
    listed = {ROOT / "docs" / link.partition("#")[0] for link in _links(_read(DOCS_INDEX))}
    assert {ROOT / page for page in DOCS if page != DOCS_INDEX} <= listed


def test_every_page_that_a_file_names_exists(template: Path) -> None:
    skipped = (".png", ".lock", ".whl")
    lost = [
        (path, name)
        for path in files(template)
        if not path.endswith(skipped)
        for name in _MENTION.findall((template / path).read_text(encoding="utf-8"))
        if not (template / name).exists()
    ]
    assert lost == []


@pytest.mark.parametrize("page", [*PAGES, *FREE])
def test_every_target_of_make_exists(page: str) -> None:
    template, project = _targets("Makefile"), _targets(f"{TEMPLATE}/Makefile")
    if page in OF_BOTH:
        known = template | project
    else:
        known = template if page.startswith(OF_THE_TEMPLATE) else project
    named = {match[1] for each in _commands(_read(page)) if (match := _MAKE.match(each))}
    assert named - known == set()


@pytest.fixture(scope="module")
def command_line() -> object:
    """Give the command `pipeline`."""
    import typer

    from sagetabular.cli import app

    return typer.main.get_command(app)


def _unknown(command: object, words: list[str]) -> str | None:
    """Return the first word that no command, or no option of it, has."""
    for word in words:
        if word == "--":
            return None
        known = getattr(command, "commands", None)
        if known is not None:
            if word not in known:
                return word
            command = known[word]
        elif word.startswith("-"):
            params = getattr(command, "params", [])
            options = {"--help", *(name for each in params for name in _names(each))}
            if word.partition("=")[0] not in options:
                return word
    return None


def _names(parameter: object) -> list[str]:
    return [*getattr(parameter, "opts", []), *getattr(parameter, "secondary_opts", [])]


@pytest.mark.parametrize("page", [*PAGES, *FREE])
def test_every_command_and_option_exists(page: str, command_line: object) -> None:
    found = [match[1] for each in _commands(_read(page)) if (match := _PIPELINE.match(each))]
    lost = [(each, _unknown(command_line, re.sub(r'[)"]+$', "", each).split())) for each in found]
    assert [each for each in lost if each[1]] == []


@pytest.mark.parametrize("page", READMES)
def test_a_readme_names_commands(page: str) -> None:
    commands = [*_commands(_read(page))]
    assert any(_MAKE.match(each) for each in commands)
    assert page == READMES[0] or sum(bool(_PIPELINE.match(each)) for each in commands) > 5
