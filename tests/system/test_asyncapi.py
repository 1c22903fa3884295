"""schemas/asyncapi.yaml, by the schema that AsyncAPI publishes."""

import json

import jsonschema_rs
from ruamel.yaml import YAML

from tests.servers import install
from wireroom import codec


def test_it_is_asyncapi() -> None:
    schema = json.loads(install.npm(install.ASYNCAPI, "schemas/3.1.0.json").read_text("utf-8"))
    validator = jsonschema_rs.Draft7Validator(schema)
    document = YAML(typ="safe").load((codec.SCHEMAS / "asyncapi.yaml").read_text("utf-8"))
    assert [f"{list(error.instance_path)}: {error.message[:300]}" for error in validator.iter_errors(document)] == []
    document["channels"]["articles"]["adress"] = document["channels"]["articles"].pop("address")
    assert not validator.is_valid(document)
