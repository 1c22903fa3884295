"""What tests start: left out, aloud, where it cannot be had; a failure in CI."""

from pathlib import Path

import pytest

from tests.servers import install, kafka
from tests.servers.install import S3PROXY, VERSITYGW


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Go, Java and Maven, where nothing was ever downloaded."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(install, "CACHE", tmp_path)
    monkeypatch.delenv("CI", raising=False)


def test_what_to_install_is_told_in_one_line() -> None:
    with pytest.raises(pytest.skip.Exception, match="go not found: Go"):
        install.go(VERSITYGW)
    with pytest.raises(pytest.skip.Exception, match="java and mvn not found: on Debian"):
        install.jar(S3PROXY)
    with pytest.raises(pytest.skip.Exception, match="java and mvn not found: on Debian"):
        kafka.install()


def test_ci_must_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="go not found"):
        install.go(VERSITYGW)
