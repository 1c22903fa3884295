"""`wireroom keys`."""

import pytest

from tests.unit.cli.conftest import Shell


def test_a_key_is_shown_once(shell: Shell) -> None:
    made = shell("keys", "create", "--publication", "daily", "--label", "the CMS")
    key = made.out.strip()
    assert (made.code, key[:3]) == (0, "wr_")
    assert "not shown again" in made.err
    listed = shell("keys", "list").out
    assert key.split("_")[1] in listed
    assert key.split("_")[2] not in listed
    assert "daily  publish+withdraw  the CMS" in listed


def test_json(shell: Shell) -> None:
    until = "2999-01-01T00:00:00Z"
    given = ["--all-publications", "--right", "publish", "--expires", until, "--rate", "5", "--burst", "7", "--json"]
    made = shell("keys", "create", *given).json
    assert made.pop("key").startswith(f"wr_{made['id']}_")
    [listed] = shell("keys", "list", "--json").json
    assert listed == made
    assert (listed["publications"], listed["rights"]) == (None, ["publish"])
    assert (listed["rate"], listed["burst"], listed["state"]) == (5, 7, "good")
    assert listed["expires_at"] == "2999-01-01T00:00:00+00:00"


@pytest.mark.parametrize("whole", [True, False])
def test_revoking(shell: Shell, whole: bool) -> None:
    made = shell("keys", "create", "--publication", "daily", "--json").json
    given = made["key"] if whole else made["id"]
    result = shell("keys", "revoke", given)
    assert (result.code, result.out) == (0, f"revoked: {made['id']}\n")
    assert shell("keys", "list", "--json").json[0]["state"] == "revoked"
    assert shell("keys", "revoke", given, "--json").json == {"revoked": [made["id"]]}


def test_revoking_what_is_not_there(shell: Shell) -> None:
    result = shell("keys", "revoke", "000000000000")
    assert (result.code, result.out) == (1, "")
    assert "keys list" in result.err


def test_a_key_of_a_partner(partnered: Shell) -> None:
    made = partnered("keys", "create", "--partner", "northern", "--json").json
    sender = partnered("keys", "create", "--publication", "daily", "--json").json
    assert (made["partner"], made["state"], "rights" in made) == ("northern", "good", False)
    assert [key["id"] for key in partnered("keys", "list", "--json").json] == [made["id"], sender["id"]]
    assert "partner northern  read" in partnered("keys", "list").out
    assert partnered("keys", "revoke", made["id"]).code == 0
    states = {key["id"]: key["state"] for key in partnered("keys", "list", "--json").json}
    assert states == {made["id"]: "revoked", sender["id"]: "good"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--partner", "nobody"], "northern"),
        (["--partner", "northern", "--publication", "daily"], "--partner"),
        (["--partner", "northern", "--all-publications"], "--partner"),
        (["--partner", "northern", "--rate", "5"], "in the settings"),
        (["--partner", "northern", "--right", "publish"], "in the settings"),
    ],
)
def test_what_a_partners_key_cannot_have(partnered: Shell, given: list[str], told: str) -> None:
    result = partnered("keys", "create", *given)
    assert result.code == 2
    assert told in result.err
    assert partnered("keys", "list").out == "no keys\n"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "--all-publications"),
        (["--publication", "a", "--all-publications"], "--all-publications"),
        (["--publication", "A b"], "no publication id"),
        (["--publication", "a", "--right", "delete"], "delete"),
        (["--publication", "a", "--expires", "2020-01-01T00:00:00Z"], "not in the future"),
        (["--publication", "a", "--expires", "tomorrow"], "with its zone"),
        (["--publication", "a", "--rate", "0"], "rate"),
        (["--publication", "a", "--rate", "nan"], "rate"),
        (["--publication", "a", "--burst", "0"], "burst"),
    ],
)
def test_what_cannot_be_given(shell: Shell, given: list[str], told: str) -> None:
    result = shell("keys", "create", *given)
    assert result.code == 2
    assert told in result.err
    assert shell("keys", "list").out == "no keys\n"
