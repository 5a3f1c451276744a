"""Stages of `conf/aws.yaml`: what each says, what it takes from the top, and what is refused.

What a stage must come to is written as a file without stages, and both are compared.
"""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagetabular.errors import UserError
from sagetabular.settings import load_project

AWS = "conf/aws.yaml"
NETWORK = {"subnets": ["SUBNET_A"], "security_groups": ["GROUP"]}
NUMBER = "123456789012"


def in_stage(example, name):
    return load_project(example.root, name).aws.model_dump(exclude={"stages"})


def merged(top, stage):
    """What a file without stages would have to say: the rule, written down a second time."""
    whole = {**top, **stage}
    for key in ("environment", "tags"):
        if key in stage:
            whole[key] = {**top.get(key, {}), **stage[key]}
    if "infrastructure" in stage:
        values = [each.get("infrastructure", {}).get("parameters", {}) for each in (top, stage)]
        whole["infrastructure"] = {"parameters": {**values[0], **values[1]}}
    return whole


NAMES = st.sampled_from(["RoleArn", "Bucket", "ImageUri", "TrackingUri"])
VARIABLES = st.from_regex(r"[A-Z]{1,5}", fullmatch=True)
PARTS = {
    "region": st.sampled_from(["eu-west-1", "us-gov-west-1", "cn-north-1"]),
    "account": st.from_regex(r"[0-9]{12}", fullmatch=True),
    "environment": st.dictionaries(NAMES, VARIABLES),
    "network": st.none() | st.just(NETWORK) | st.just({**NETWORK, "subnets": ["B", "C"]}),
    "encryption": st.fixed_dictionaries(
        {}, optional={"traffic": st.booleans(), "output_key": VARIABLES}
    ),
    "isolation": st.dictionaries(st.sampled_from(["tune", "fit"]), st.booleans()),
    "tags": st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")),
    "infrastructure": st.fixed_dictionaries(
        {}, optional={"parameters": st.dictionaries(VARIABLES, st.sampled_from("xyz"))}
    ),
}  # fmt: skip
TOPS = st.fixed_dictionaries(
    {name: PARTS[name] for name in ("region", "environment")},
    optional={name: part for name, part in PARTS.items() if name not in ("region", "environment")},
)
STAGES = st.fixed_dictionaries({}, optional=PARTS)
QUICK = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUICK
@given(top=TOPS, dev=STAGES, prod=STAGES)
def test_a_stage_is_what_a_file_of_its_own_would_say(example, top, dev, prod):
    for name, stage in {"dev": dev, "prod": prod}.items():
        example.write(AWS, {**top, "stages": {"dev": dev, "prod": prod}})
        found = in_stage(example, name)
        assert in_stage(example, None) == load_alone(example, top)
        assert found == load_alone(example, merged(top, stage))


def load_alone(example, document):
    example.write(AWS, document)
    return in_stage(example, None)


@QUICK
@given(stage=STAGES, data=st.data(), value=st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
))  # fmt: skip
def test_a_random_fault_in_a_stage_is_refused_in_two_lines_that_name_it(
    example, stage, data, value
):
    document = {"dev": copy.deepcopy(stage)}
    key = data.draw(st.sampled_from([*PARTS, "own"]))
    document["dev"][key] = value
    example.write(AWS, {"region": "eu-west-1", "environment": {}, "stages": document})
    try:
        load_project(example.root)
    except UserError as error:
        lines = str(error).splitlines()
        assert len(lines) == 2
        assert lines[0].startswith(f"{AWS}: stages.dev"), lines


MISTAKES = [
    ("stages", {"Prod": {}}, "stages.Prod.[key]"),
    ("stages", {"production": {}}, "stages.production"),
    ("stages.prod", {"network": {"subnets": ["A"]}}, "stages.prod.network.security_groups is"),
    ("stages.prod.network", {**NETWORK, "subnets": ["vpc-1"]}, "stages.prod.network.subnets.0"),
    ("stages.prod", {"regoin": "eu-west-1"}, "stages.prod.regoin is not a known setting."),
    ("stages.prod", {"region": None}, "stages.prod has a region that says nothing."),
    ("stages.prod", {"account": "1234"}, "stages.prod.account must match pattern"),
    ("stages.prod", {"stages": {}}, "stages.prod.stages is not a known setting."),
    ("stages.prod", {"tags": {"aws:x": "y"}}, "stages.prod.tags.aws:x must not have a tag"),
    ("stages.prod", {"environment": {"Role": "X"}}, "stages.prod.environment.Role"),
    ("stages.prod", {"infrastructure": {"parameters": {"A": None}}},
     "stages.prod.infrastructure.parameters.A must be a text"),
    ("stages.prod", {"infrastructure": {"parameters": {"A-b": "x"}}},
     "stages.prod.infrastructure.parameters.A-b"),
    ("stages.prod", {"tags": {f"t{n}": "" for n in range(50)}},
     "stages.prod.tags must be at most 50 with those at the top, got 51."),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "rule"), MISTAKES)
def test_a_mistake_is_named_with_its_stage(example, mistake_of, field, value, rule):
    example.change(AWS, "tags", {"team": "a"})
    example.change(AWS, "stages", {"dev": {}, "prod": {}})
    example.change(AWS, field, value)
    found, remedy = mistake_of(example)
    assert found.startswith(f"{AWS}: {rule.removesuffix('.[key]')}")
    assert remedy


@pytest.mark.parametrize(
    ("written", "text"),
    [("4", "4"), ("0.5", "0.5"), ("true", "true"), ("[a, 2]", "a,2"), ('"x"', "x"), ('""', "")],
)
def test_values_of_parameters_are_text_as_cloudformation_takes_it(example, written, text):
    value = yaml.safe_load(written)
    example.change(AWS, "infrastructure", {"parameters": {"Name": value}})
    assert example.load().aws.infrastructure.parameters == {"Name": text}


def test_a_number_of_an_account_needs_no_quotes(example):
    example.append(AWS, f"account: {NUMBER}\n")
    assert example.load().aws.account == NUMBER


def test_an_unknown_stage_is_named_with_those_that_there_are(example):
    example.change(AWS, "stages", {"dev": {}, "prod": {}})
    with pytest.raises(UserError) as raised:
        load_project(example.root, "prd")
    assert "stages has no 'prd'" in raised.value.message
    assert raised.value.remedy == "Did you mean 'prod'? There are dev, prod."


def test_without_stages_there_is_dev_alone(example):
    assert load_project(example.root, "dev").aws == load_project(example.root).aws
    with pytest.raises(UserError, match=r"stages has no 'prod'"):
        load_project(example.root, "prod")


def test_a_stages_definition_has_its_network_and_others_keep_their_bytes(example, pipeline):
    before = example.compile().definition
    example.change(AWS, "stages", {"dev": {}, "prod": {"network": NETWORK}})
    assert example.compile().definition == before
    assert pipeline("compile", "--stage", "dev").out.encode() == before
    of_prod = json.loads(pipeline("compile", "--stage", "prod").out)
    example.change(AWS, "stages", remove=True)
    example.change(AWS, "network", NETWORK)
    assert of_prod == example.definition()
    assert json.dumps(of_prod).count('"Subnets"') > 0


def test_the_option_counts_more_than_the_variable(example, pipeline, monkeypatch):
    example.change(AWS, "stages", {"dev": {}, "prod": {"network": NETWORK}})
    monkeypatch.setenv("PIPELINE_STAGE", "prod")
    assert '"Subnets"' in pipeline("compile").out
    assert '"Subnets"' not in pipeline("compile", "--stage", "dev").out
    assert "stages has no ''" in pipeline("compile", "--stage", "").mistake[0]


def test_a_run_here_asks_for_the_stage_too(example, pipeline):
    example.change(AWS, "stages", {"dev": {}})
    assert "stages has no 'prod'" in pipeline("run", "--stage", "prod").mistake[0]
