"""The example of deploy/compose, as far as it can be told by reading it."""

import re

import pytest

from tests.system.compose import OURS, SERVICES, mounts, read, source
from tests.system.project import ROOT
from tests.system.test_image import BUILDS, DOCKERFILE

WRITES_ITS_ROOT = {"kafka"}  # its start script does


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_may_do_as_little_as_it_can(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is (name not in WRITES_ITS_ROOT)
    assert (service["cap_drop"], service["tmpfs"]) == (["ALL"], ["/tmp"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "user", "network_mode", "pid"} & set(service)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(OURS)))
def test_the_images_of_others_cannot_change(name: str) -> None:
    assert re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", SERVICES[name]["image"])


@pytest.mark.parametrize("name", OURS)
def test_our_images_are_built_for_what_they_run(name: str) -> None:
    service = OURS[name]
    build = service["build"]
    worker = build["args"]["WORKER"]
    assert (source(build["context"]), ROOT / build["dockerfile"]) == (ROOT, DOCKERFILE)
    assert worker in BUILDS
    assert service["image"] == f"wireroom-{worker}"
    if service["command"][0] == "worker":
        assert service["command"] == ["worker", worker]


def test_every_worker_is_a_service_of_its_own() -> None:
    workers = [service["command"][1] for service in OURS.values() if service["command"][0] == "worker"]
    assert sorted(workers) == ["articles", "feeds", "notify", "sitemaps"]


@pytest.mark.parametrize("name", SERVICES)
def test_everything_that_is_mounted_is_there(name: str) -> None:
    for what in mounts(SERVICES[name]).values():
        assert source(what).exists() if what.startswith(".") else what in read()["volumes"]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    assert [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_can_happen(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        ends = "restart" not in SERVICES[other]
        assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")
        assert ends != ("healthcheck" in SERVICES[other])


@pytest.mark.parametrize("name", SERVICES)
def test_what_goes_on_is_restarted_and_given_time_to_end(name: str) -> None:
    service = SERVICES[name]
    assert ("restart" in service) is (name not in {"topics", "publish", "bucket"})
    assert ("stop_grace_period" in service) >= (name in OURS and "restart" in service)
