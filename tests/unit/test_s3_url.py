import pytest

from wireroom.s3_url import S3Url, parse_s3_url


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        ("s3://newsroom", S3Url("newsroom")),
        ("s3://newsroom/", S3Url("newsroom")),
        ("s3://newsroom/live/v1/?region=eu-west-1", S3Url("newsroom", "live/v1/", region="eu-west-1")),
        (
            "s3://news.room/live?endpoint=http://127.0.0.1:7070/&ca=/etc/ssl/own.pem",
            S3Url("news.room", "live/", "http://127.0.0.1:7070", path_style=True, ca="/etc/ssl/own.pem"),
        ),
        (
            "s3://newsroom?endpoint=https%3A%2F%2Fs3.example&style=virtual",
            S3Url("newsroom", endpoint="https://s3.example"),
        ),
        ("s3://newsroom?style=path", S3Url("newsroom", path_style=True)),
    ],
)
def test_the_parts_of_a_url(url: str, parsed: S3Url) -> None:
    assert parse_s3_url(url) == parsed


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("s3://", "the bucket is ''"),
        ("s3://News", "the bucket is 'News'"),
        ("s3://key:secret@newsroom", "the bucket is 'key:secret@newsroom'"),
        ("s3://newsroom/a b", "the prefix is 'a b/'"),
        ("s3://newsroom/.hidden", "the prefix is '.hidden/'"),
        ("s3://newsroom/a//b", "the prefix is 'a//b/'"),
        ("s3://newsroom?endpoint=127.0.0.1:7070", "endpoint is '127.0.0.1:7070'"),
        ("s3://newsroom?endpoint=http://key@host", "endpoint is 'http://key@host'"),
        ("s3://newsroom?endpoint=", "endpoint is ''"),
        ("s3://newsroom?region=eu west", "region is 'eu west'"),
        ("s3://newsroom?style=dns", "style is 'dns'"),
        ("s3://newsroom?ca=own.pem", "ca is 'own.pem'"),
        ("s3://newsroom?endpiont=https://s3.example", "'endpiont' is not one of endpoint"),
        ("s3://newsroom?region=a&region=b", "twice"),
    ],
)
def test_what_is_wrong_is_told(url: str, wrong: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_s3_url(url)
    assert wrong in str(caught.value)
    assert "s3://bucket/prefix" in str(caught.value)
