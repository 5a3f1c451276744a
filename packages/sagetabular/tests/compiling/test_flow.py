"""`source: data_wrangler`: the flow, and the request that runs it."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from sagelocal.definition import limit_problems
from sagetabular.errors import UserError

CONF = "conf/pipeline.yaml"
QUERY = "-- Sold houses\nWITH s AS (SELECT * FROM ${table})\nSELECT * FROM s WHERE note <> '\"';\n"


@pytest.fixture
def wrangled(example):
    """The small project, read by Data Wrangler: no column of it may be missing."""
    example.change(CONF, "data.source", "data_wrangler")
    example.change(CONF, "data.columns.garden", remove=True)
    example.write("queries/ingest.sql", QUERY)
    return example


def flow_of(compiled):
    (content,) = compiled.assets.flow.asset.files.values()
    return json.loads(content)


def ingest_of(definition):
    return definition["Steps"][0]["Arguments"]


def text_of(expression, **values):
    """Return a joined text, with values for its parameters."""
    parts = expression["Std:Join"]["Values"]
    return "".join(
        part if isinstance(part, str) else values[part["Get"].removeprefix("Parameters.")]
        for part in parts
    )


def test_the_flow_casts_drops_and_puts_the_target_first_as_data_wrangler_writes_it(wrangled):
    compiled = wrangled.compile()
    flow = flow_of(compiled)
    assert flow["metadata"] == {"version": 1, "disable_limits": False}
    steps = [(node["type"], node["operator"], node["parameters"]) for node in flow["nodes"][1:]]
    manage = "sagemaker.spark.manage_columns_0.1"
    drop = {"operator": "Drop column", "drop_column_parameters": {"column_to_drop": "area"}}
    move = {
        "operator": "Move column",
        "move_column_parameters": {
            "move_type": "Move to start",
            "move_to_start_parameters": {"column_to_move": "price"},
        },
    }
    assert steps == [
        ("TRANSFORM", "sagemaker.spark.infer_and_cast_type_0.1", {}),
        ("TRANSFORM", manage, drop),
        ("TRANSFORM", manage, move),
    ]
    assert flow["nodes"][1]["trained_parameters"]["schema"] == {
        "rooms": "float", "area": "float", "district": "string", "sold": "datetime",
        "price": "float",
    }  # fmt: skip
    source = flow["nodes"][0]
    assert (source["type"], source["operator"]) == ("SOURCE", "sagemaker.athena_source_0.1")
    dataset = source["parameters"]["dataset_definition"]
    assert (dataset["datasetSourceType"], dataset["databaseName"]) == ("Athena", "estate")
    assert 'SELECT * FROM "sales"' in dataset["queryString"]


def test_each_node_follows_the_one_before_and_the_last_one_is_the_jobs_output(wrangled):
    compiled = wrangled.compile()
    nodes = flow_of(compiled)["nodes"]
    for before, node in pairwise(nodes):
        name = "default" if "infer_and_cast" in node["operator"] else "df"
        link = {"name": name, "node_id": before["node_id"], "output_name": "default"}
        assert node["inputs"] == [link]
    assert nodes[0]["inputs"] == []
    assert len({node["node_id"] for node in nodes}) == len(nodes)
    output = f"{nodes[-1]['node_id']}.default"
    definition = json.loads(compiled.definition)
    ingest, preprocess = (step["Arguments"] for step in definition["Steps"][:2])
    (target,) = ingest["ProcessingOutputConfig"]["Outputs"]
    assert target["OutputName"] == output
    (argument,) = ingest["AppSpecification"]["ContainerArguments"]
    assert argument == f'--output-config \'{{"{output}": {{"content_type": "Parquet"}}}}\''
    assert len(argument) <= 256
    data = next(item for item in preprocess["ProcessingInputs"] if item["InputName"] == "data")
    path = f"Steps.Ingest.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri"
    assert data["S3Input"]["S3Uri"] == {"Get": path}


def test_the_same_configuration_gives_the_same_bytes_and_another_one_other_nodes(wrangled):
    first, second = wrangled.compile(), wrangled.compile()
    assert first.definition == second.definition
    assert first.assets.flow == second.assets.flow
    key = f"{first.assets.flow.asset.key}/ingest.flow"
    assert first.assets.objects()[key] == next(iter(first.assets.flow.asset.files.values()))
    wrangled.change(CONF, "data.columns.rooms", "category")
    third = wrangled.compile()
    assert third.assets.flow.asset.key != first.assets.flow.asset.key
    assert third.assets.flow.output != first.assets.flow.output


def test_athena_is_asked_for_the_declared_columns_of_the_table_that_a_parameter_names(wrangled):
    definition = wrangled.definition()
    flow, dataset = ingest_of(definition)["ProcessingInputs"]
    assert flow["S3Input"]["LocalPath"] == "/opt/ml/processing/flow"
    assert dataset["InputName"] == "ingest"
    assert dataset["DatasetDefinition"]["LocalPath"] == "/opt/ml/processing/ingest"
    athena = dataset["DatasetDefinition"]["AthenaDatasetDefinition"]
    assert athena["Database"] == {"Get": "Parameters.Database"}
    assert athena["WorkGroup"] == {"Get": "Parameters.Workgroup"}
    assert text_of(athena["QueryString"], Table="rents") == (
        'SELECT "rooms", "area", "district", "sold", "price" FROM (-- Sold houses\n'
        'WITH s AS (SELECT * FROM "rents")\nSELECT * FROM s WHERE note <> \'"\') AS ingest'
    )
    assert "KmsKeyId" not in athena


def test_only_what_it_uses_is_a_parameter_and_travels(wrangled):
    compiled = wrangled.compile()
    names = {item["Name"] for item in json.loads(compiled.definition)["Parameters"]}
    assert {"Database", "Table", "Workgroup", "DataVersion", "DataWranglerInstanceType"} <= names
    assert "QueryUri" not in names
    assert not [key for key in compiled.assets.objects() if key.startswith("queries/")]
    cluster = ingest_of(json.loads(compiled.definition))["ProcessingResources"]["ClusterConfig"]
    assert cluster["InstanceType"] == {"Get": "Parameters.DataWranglerInstanceType"}


def test_it_is_reused_for_an_equal_version_of_the_data_alone(wrangled):
    assert "CacheConfig" not in wrangled.definition()["Steps"][0]
    wrangled.change(CONF, "data.version", "2026-11")
    step = wrangled.definition()["Steps"][0]
    assert step["CacheConfig"]["Enabled"] is True
    compared = step["Arguments"]["Environment"]
    assert compared == {"DATA_VERSION": {"Get": "Parameters.DataVersion"}}


def test_without_it_nothing_of_it_is_there(compiled):
    assert compiled.assets.flow is None
    assert b"DataWrangler" not in compiled.definition


def test_the_accounts_key_encrypts_what_athena_writes(wrangled):
    wrangled.change("conf/aws.yaml", "encryption", {"output_key": "OUTPUT_KEY"})
    _, dataset = ingest_of(wrangled.definition())["ProcessingInputs"]
    key = dataset["DatasetDefinition"]["AthenaDatasetDefinition"]["KmsKeyId"]
    assert key == {"Get": "Parameters.OutputKmsKeyId"}


def test_a_column_that_the_split_needs_stays_in_the_flow(wrangled):
    wrangled.change(CONF, "split", {"kind": "grouped", "by": "district"})
    wrangled.change(CONF, "data.drop", ["district", "area"])
    compiled = wrangled.compile()
    dropped = [
        node["parameters"]["drop_column_parameters"]["column_to_drop"]
        for node in flow_of(compiled)["nodes"]
        if node["parameters"].get("operator") == "Drop column"
    ]
    assert dropped == ["area"]
    settings = json.loads(next(iter(compiled.assets.preprocess_settings.files.values())))
    assert [*settings["columns"]] == ["rooms", "district", "sold", "price"]


def test_a_models_step_that_reads_ingest_reads_the_flows_output(wrangled):
    process = {
        "class": "process",
        "entry_point": "clean.py",
        "inputs": {"rows": "data.ingest", "same": "data.ingest.data"},
        "outputs": ["done"],
    }
    wrangled.change("models/ridge/model.yaml", "steps", {"process": process})
    wrangled.write("models/ridge/clean.py", "print()\n")
    compiled = wrangled.compile()
    assert compiled.definition.decode().count(f"Outputs['{compiled.assets.flow.output}']") == 3


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (
            ("data.columns.garden", {"type": "number", "optional": True}),
            "data.columns.garden must not be optional with `source: data_wrangler`.",
        ),
        (("data.source", "wrangler"), "data.source must be"),
        (
            ("data.parameters", {"least": 3}),
            "data takes no `parameters` for source 'data_wrangler', got",
        ),
    ],
)
def test_what_a_flow_cannot_read_is_a_mistake_of_the_user(wrangled, mistake_of, change, rule):
    wrangled.change(CONF, *change)
    said, _ = mistake_of(wrangled)
    assert said.startswith(f"{CONF}: {rule}")


def test_another_placeholder_and_a_region_without_an_image_are_refused(wrangled):
    wrangled.write("queries/ingest.sql", "SELECT * FROM ${view}")
    with pytest.raises(UserError) as caught:
        wrangled.compile()
    assert caught.value.message == (
        "queries/ingest.sql: the only placeholder is ${table}, got ${view}."
    )
    wrangled.write("queries/ingest.sql", "SELECT * FROM ${table}")
    wrangled.change("conf/aws.yaml", "region", "mx-central-1")
    wrangled.change("models/boost/model.yaml", "image", "project")
    with pytest.raises(UserError) as caught:
        wrangled.compile()
    assert caught.value.message == (
        "conf/aws.yaml: region: AWS has no image of Data Wrangler in mx-central-1."
    )


def test_a_query_that_is_too_long_for_the_request_is_refused(wrangled):
    wrangled.write("queries/ingest.sql", "SELECT * FROM ${table}" + " " * 4096 + "WHERE 1 = 1")
    with pytest.raises(UserError) as caught:
        wrangled.compile()
    assert caught.value.message == (
        "queries/ingest.sql: a flow's query may have 4,096 characters, got 4,197 with the columns' "
        "names."
    )


@pytest.mark.parametrize("query", ["SELECT * FROM sales", "SELECT * FROM sales -- ${table}"])
def test_a_query_without_the_table_of_the_settings_is_refused(wrangled, query):
    wrangled.write("queries/ingest.sql", query)
    with pytest.raises(UserError) as caught:
        wrangled.compile()
    assert caught.value.message == (
        "queries/ingest.sql: a flow's query must name its table as ${table}, and does not."
    )


def test_the_longest_query_that_is_accepted_is_as_long_as_the_request_may_hold(wrangled):
    def query(spaces):
        return "SELECT * FROM ${table}" + " " * spaces + "WHERE 1 = 1"

    wrangled.write("queries/ingest.sql", query(0))
    given = wrangled.definition()["Steps"][0]["Arguments"]["ProcessingInputs"][1]
    asked = given["DatasetDefinition"]["AthenaDatasetDefinition"]["QueryString"]
    spaces = 4096 - len(text_of(asked, Table="sales"))
    wrangled.write("queries/ingest.sql", query(spaces))
    wrangled.compile()
    wrangled.write("queries/ingest.sql", query(spaces + 1))
    with pytest.raises(UserError, match="may have 4,096 characters, got 4,097 "):
        wrangled.compile()


def test_a_pattern_with_javas_pairs_of_surrogates_is_checked_as_java_means_it():
    pattern = r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*"
    assert not [*limit_problems("AwsDataCatalog \U0001f5fa", {"pattern": pattern}, "Catalog")]
    assert [*limit_problems("Aws\nDataCatalog", {"pattern": pattern}, "Catalog")]
