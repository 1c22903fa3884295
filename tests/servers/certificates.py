"""A private certificate authority, and what it signs; made by OpenSSL."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.servers import need

_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Certificate(NamedTuple):
    """PEM files; `both` has the key and the certificate, as Kafka wants them."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Whom to trust is told by `certificate`, a PEM file."""

    def __init__(self, folder: Path, name: str) -> None:
        need("openssl", install="on Debian and Ubuntu, apt-get install openssl")
        self._folder = folder / name
        self._folder.mkdir(parents=True)
        self.certificate, self._key = self._folder / "ca.pem", self._folder / "ca.key"
        files = ["-keyout", str(self._key), "-out", str(self.certificate)]
        _openssl("req", "-x509", *_CURVE, *files, "-subj", f"/CN={name}", "-days", "30")

    def sign(self, name: str, host: str, days: int = 30) -> Certificate:
        """A certificate for a host, good for so many days from now; -1: it has expired."""
        request, key, certificate = (self._folder / f"{name}.{ending}" for ending in ("csr", "key", "pem"))
        _openssl("req", *_CURVE, "-keyout", str(key), "-out", str(request), "-subj", f"/CN={name}")
        more = self._folder / f"{name}.ext"
        kind = "IP" if host[0].isdigit() else "DNS"
        more.write_text(f"subjectAltName={kind}:{host}\nextendedKeyUsage=serverAuth,clientAuth\n")
        signed_by = ["-CA", str(self.certificate), "-CAkey", str(self._key), "-CAcreateserial"]
        files = ["-in", str(request), "-extfile", str(more), "-out", str(certificate)]
        _openssl("x509", "-req", *files, *signed_by, "-days", str(days))
        both = self._folder / f"{name}.both.pem"
        both.write_text(key.read_text() + certificate.read_text())
        return Certificate(certificate, key, both)


def self_signed(folder: Path, host: str) -> Certificate:
    """One for a host only, which vouches for itself."""
    need("openssl", install="on Debian and Ubuntu, apt-get install openssl")
    key, certificate, both = (folder / f"self.{ending}" for ending in ("key", "pem", "both.pem"))
    names = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    _openssl("req", "-x509", *_CURVE, *names, "-days", "2", "-keyout", str(key), "-out", str(certificate))
    both.write_text(key.read_text() + certificate.read_text())
    return Certificate(certificate, key, both)


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
