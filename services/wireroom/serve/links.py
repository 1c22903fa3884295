"""The header Link of a feed: where it is read, and where its readers can ask to be told of changes (WebSub, 4)."""

from collections.abc import Sequence

from wireroom.config import Settings
from wireroom.serve.answers import Header
from wireroom.uri import uri


class Links:
    """By key. Nothing for what is no public feed, and nothing at all while no hub is configured."""

    def __init__(self, settings: Settings) -> None:
        self._hubs = "".join(f'<{uri(hub)}>; rel="hub", ' for hub in settings.hubs)
        self._base = settings.public_url
        self._bases = {each.id: each.public_url for each in settings.publications if each.public_url}

    def of(self, key: str) -> Sequence[Header]:
        """What goes with the document at a key."""
        folder, publication = key.split("/")[:2]
        if not self._hubs or folder != "feeds":
            return ()
        address = uri(f"{self._bases.get(publication, self._base).rstrip('/')}/{key}")
        return [(b"link", f'{self._hubs}<{address}>; rel="self"'.encode())]
