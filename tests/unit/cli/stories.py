"""Events as publishing systems write them."""

from typing import Any

STORM = {
    "event_id": "storm-1",
    "kind": "PUBLISHED",
    "publication": "teluk",
    "article_id": "badai/7",
    "revision": 1,
    "occurred_at": "2026-03-01T05:30:00Z",
    "published_at": "2026-03-01T05:30:00+00:00",
    "url": "https://teluk.example/cuaca/badai",
    "article": {
        "title": "Badai menutup pelabuhan selama dua hari",
        "summary": "Kapal feri menunggu di luar teluk.",
        "body_html": "<p>Angin mencapai 90 km/jam. <a href='/peta'>Peta</a></p>",
        "language": "id",
        "sections": ["Cuaca"],
        "modified_at": "2026-03-01T05:30:00Z",
    },
}


def story(article_id: str = "badai/7", article: dict[str, Any] | None = None, **fields: object) -> dict[str, Any]:
    """The storm with other values."""
    return {
        **STORM,
        "article_id": article_id,
        "event_id": f"{article_id}-{fields.get('revision', 1)}",
        **fields,
        "article": {**STORM["article"], **(article or {})},  # type: ignore[dict-item]
    }
