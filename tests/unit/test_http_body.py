import io
import math

import pytest
from urllib3 import HTTPResponse

from wireroom.errors import RetryAfter
from wireroom.http_body import read_body


def answer(body: io.BytesIO, **headers: str) -> HTTPResponse:
    return HTTPResponse(
        body, headers={name.replace("_", "-"): value for name, value in headers.items()}, preload_content=False
    )


def test_all_of_a_body() -> None:
    assert (
        read_body(answer(io.BytesIO(b"x" * 200_000), Content_Length="200000"), "it", 10**9, math.inf) == b"x" * 200_000
    )


def test_of_one_that_has_no_end_only_so_much_is_read() -> None:
    class Endless(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return b"x" * (size or 0)

        read1 = read

    assert 1000 < len(read_body(answer(Endless(), Transfer_Encoding="chunked"), "it", 1000, math.inf)) < 1_000_000


def test_what_takes_too_long_or_has_no_end_that_is_told_is_unwell() -> None:
    with pytest.raises(RetryAfter, match="it takes too long"):
        read_body(answer(io.BytesIO(b"xy"), Content_Length="2"), "it", 10, -math.inf)
    with pytest.raises(RetryAfter, match="it does not say where its answer ends"):
        read_body(answer(io.BytesIO(b"xy")), "it", 10, math.inf)
