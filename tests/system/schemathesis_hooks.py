"""What schemathesis must know of our media types; it runs in an environment of its own, without us."""

import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/vnd.wireroom.event+avro")  # type: ignore[untyped-decorator]
def as_it_is(context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
