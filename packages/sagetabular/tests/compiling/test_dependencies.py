from __future__ import annotations

import graphlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagetabular.errors import UserError
from sagetabular.settings.models.dependencies import edges, levels, parse_chain, render_chain

PLACE = "conf/pipeline.yaml: dependencies.0"
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}(\.[A-Za-z_][A-Za-z0-9_]{0,8})?", fullmatch=True)
SPACES = st.text(" \t\n", max_size=3)


@st.composite
def chains(draw):
    """Groups of names, none of which stands in two neighbours."""
    names = draw(st.lists(NAMES, min_size=2, max_size=10, unique=True))
    cuts = draw(st.lists(st.integers(1, len(names) - 1), min_size=1, unique=True).map(sorted))
    return [names[start:end] for start, end in pairwise([0, *cuts, len(names)])]


@given(chain=chains())
def test_what_is_written_in_the_notation_is_read_back(chain):
    assert parse_chain(render_chain(chain), PLACE) == chain


@given(chain=chains(), data=st.data())
def test_spaces_are_free(chain, data):
    text = render_chain(chain).replace(" ", "")
    for sign in (">>", "[", "]", ","):
        text = text.replace(sign, data.draw(SPACES) + sign + data.draw(SPACES))
    assert parse_chain(data.draw(SPACES) + text + data.draw(SPACES), PLACE) == chain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a >> b >> c", [("a", "b"), ("b", "c")]),
        ("a.x>>b.y", [("a.x", "b.y")]),
        ("[a, b] >> c", [("a", "c"), ("b", "c")]),
        ("a >> [b,c]", [("a", "b"), ("a", "c")]),
        ("[a, b] >> [c, d]", [("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")]),
        ("[a] >> b", [("a", "b")]),
        ("a >> b >> a", [("a", "b"), ("b", "a")]),
    ],
)
def test_each_waits_for_all_of_the_group_before_it(text, expected):
    assert edges(parse_chain(text, PLACE)) == expected


FAULTS = {
    "a": "needs >> where the end stands in 'a'.",
    "": "needs a name where the end stands in ''.",
    "a >>": "needs a name where the end stands in 'a >>'.",
    ">> a": "needs a name where '>>' stands in '>> a'.",
    "a >> >> b": "needs a name where '>>' stands in 'a >> >> b'.",
    "a << b": "'<< b' in 'a << b' cannot be read.",
    "a > b": "'> b' in 'a > b' cannot be read.",
    "a b": "needs >> where 'b' stands in 'a b'.",
    "[a, b >> c": "needs ] where '>>' stands in '[a, b >> c'.",
    "[a,, b] >> c": "needs a name where ',' stands in '[a,, b] >> c'.",
    "[] >> c": "needs a name where ']' stands in '[] >> c'.",
    "a >> [b, [c]]": "needs a name where '[' stands in 'a >> [b, [c]]'.",
    "a >> b]": "needs >> where ']' stands in 'a >> b]'.",
    "a.b.c >> d": "'.c >> d' in 'a.b.c >> d' cannot be read.",
    "ä >> b": "'ä >> b' in 'ä >> b' cannot be read.",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_line_that_is_no_chain_is_refused_in_two_lines(text):
    with pytest.raises(UserError) as caught:
        parse_chain(text, PLACE)
    rule, remedy = str(caught.value).splitlines()
    assert rule.startswith(f"{PLACE} is no chain of steps: ")
    assert rule.endswith(FAULTS[text])
    assert remedy == "Write it as `a.fit >> b.fit`, with `[a.fit, b.fit]` for several."


@pytest.mark.parametrize("text", ["a >> a", "[a, b] >> a", "c >> b >> [a, b]"])
def test_a_step_that_waits_for_itself_is_refused(text):
    with pytest.raises(UserError) as caught:
        parse_chain(text, PLACE)
    rule, remedy = str(caught.value).splitlines()
    assert rule == f"{PLACE} must not make a step wait for itself, got {text!r}."
    assert remedy.startswith("Take ")


@given(text=st.text(alphabet="ab.>[], \n\x00é", max_size=30) | st.text(max_size=20))
def test_any_text_is_a_chain_or_refused_in_two_lines(text):
    try:
        chain = parse_chain(text, PLACE)
    except UserError as error:
        assert len(str(error).splitlines()) == 2
    else:
        assert parse_chain(render_chain(chain), PLACE) == chain


@st.composite
def graphs(draw):
    """Names in a hidden order, in which each waits for some of those before it."""
    names = draw(st.lists(NAMES, min_size=1, max_size=12, unique=True))
    waits = {
        name: draw(st.lists(st.sampled_from(names[:at]), unique=True)) if at else []
        for at, name in enumerate(names)
    }
    return {name: waits[name] for name in draw(st.permutations(names))}


@given(graph=graphs())
def test_everything_comes_as_soon_as_all_that_it_waits_for_is_there(graph):
    found = levels(graph)
    level = {name: number for number, names in enumerate(found) for name in names}
    assert sorted(level) == sorted(graph)
    for name, before in graph.items():
        assert level[name] == max((level[other] + 1 for other in before), default=0)
    assert [sorted(names, key=[*graph].index) for names in found] == found


@given(graph=graphs(), data=st.data())
def test_a_cycle_is_found_and_its_path_is_one(graph, data):
    first, last = levels(graph)[0][0], data.draw(st.sampled_from([*graph]))
    reachable = {last}
    for _ in graph:
        reachable |= {before for name in reachable for before in graph[name]}
    broken = graph | {first: [*graph[first], last]}
    if first not in reachable:
        levels(broken)
        return
    with pytest.raises(graphlib.CycleError) as caught:
        levels(broken)
    path = caught.value.args[1]
    assert path[0] == path[-1]
    assert all(before in broken[after] for before, after in pairwise(path))
