"""Random settings of an account: requests that the service takes, or a refusal in two lines."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagetabular.compiling.checks import definition_problems
from sagetabular.compiling.loading import project_pipeline
from sagetabular.errors import UserError
from sagetabular.settings.repeating import FAULTS

pytestmark = pytest.mark.slow

AWS, PIPELINE = "conf/aws.yaml", "conf/pipeline.yaml"
RANDOM = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VARIABLES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,9}", fullmatch=True)
HEX = st.text("0123456789abcdef", min_size=8, max_size=17)
SIGNS = st.characters(categories=["L", "N", "Z"], include_characters="_.:/=+-@")
KEYS = VARIABLES | st.sampled_from(
    ["alias/jobs", "1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:kms:eu-west-1:1:key/mrk-1"]
)


def ids(prefix, most):
    return st.lists(VARIABLES | HEX.map(prefix.__add__), min_size=1, max_size=most, unique=True)


def some_of(**optional):
    return st.fixed_dictionaries({}, optional=optional)


NETWORK = st.fixed_dictionaries({"subnets": ids("subnet-", 16), "security_groups": ids("sg-", 5)})
CLASSES = ("process", "train", "tune", "fit", "evaluate", "create")
TAG = st.text(SIGNS, min_size=1, max_size=20).filter(lambda key: not key.lower().startswith("aws:"))
ACCOUNTS = some_of(
    network=NETWORK,
    encryption=some_of(volume_key=KEYS, output_key=KEYS, traffic=st.booleans()),
    isolation=st.dictionaries(st.sampled_from(CLASSES), st.booleans()),
    tags=st.dictionaries(TAG, st.text(SIGNS, max_size=20), max_size=4),
)
LIMIT = st.one_of(
    st.fixed_dictionaries({"max_attempts": st.integers(1, 20)}),
    st.fixed_dictionaries({"expire_after_minutes": st.integers(1, 14400)}),
)


@st.composite
def retries(draw):
    """Policies that share no exception."""
    left, policies = list(draw(st.permutations(FAULTS))), []
    while left and draw(st.booleans()):
        exceptions = [left.pop() for _ in range(draw(st.integers(1, len(left))))]
        waits = some_of(interval_seconds=st.integers(1, 43200), backoff_rate=st.floats(1, 9))
        policies.append({"exceptions": exceptions, **draw(LIMIT), **draw(waits)})
    return policies


def compiled(example, account, policies):
    example.write(AWS, {"region": "eu-west-1", "environment": {}, **account})
    example.change(PIPELINE, "retries", policies)
    return json.loads(project_pipeline(example.root).definition())


@RANDOM
@given(account=ACCOUNTS, policies=retries())
def test_random_rules_of_an_account_compile_to_requests_that_the_service_takes(
    example, account, policies
):
    definition = compiled(example, account, policies)
    assert definition_problems(definition) == []
    text = json.dumps(definition)
    assert text.count('"Subnets"') == (10 if "network" in account else 0)
    assert compiled(example, account, policies) == definition


def places(document):
    """Every mapping and list in a document, with its keys."""
    for key in [*document] if isinstance(document, dict) else [*range(len(document))]:
        yield document, key
        if isinstance(document[key], dict | list):
            yield from places(document[key])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=5,
)


@settings(RANDOM, max_examples=80)
@given(account=ACCOUNTS, policies=retries(), data=st.data(), value=VALUES)
def test_a_random_fault_compiles_or_is_refused_in_two_lines(
    example, account, policies, data, value
):
    document = copy.deepcopy({"account": account, "policies": policies})
    place, key = data.draw(st.sampled_from([*places(document)]))
    if place is not document and isinstance(place, dict) and data.draw(st.booleans()):
        place[data.draw(st.text(max_size=8))] = place.pop(key)
    elif place is not document or key == "policies":
        place[key] = value
    try:
        definition = compiled(example, document["account"], document["policies"])
        assert definition_problems(definition) == []
    except UserError as error:
        assert len(str(error).splitlines()) == 2
