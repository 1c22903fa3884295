"""What one subscriber was told and is to be told: each notification has a number, durable before it is sent.

    editions/_notify/{subscriber}/state.json     how far the log was read, how far it was told, the newest notifications
    editions/_notify/{subscriber}/{first}.json   a part of them that is full, named by its first number

So whoever takes over sends the same under the same numbers. All writes are conditional: of two workers that both think
a subscriber theirs, one can number anything, and a command that changes the state is heard at the next write.
"""

import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from wireroom.clock import DAY
from wireroom.document import ArticleAt, DocumentChanged
from wireroom.errors import Conflict, OutcomeUnknown, Red
from wireroom.notify.announcements import Announced, Cursor
from wireroom.store import STATE, PolledStore, Stored

FOLDER = "editions/_notify"  # nothing below `editions/` is served
PART, _ARTICLES = 200, 2_000  # notifications in a part, articles named in them: a few more of both are taken
KEPT = 7 * DAY  # what the log `documents` keeps: so far back it can be told again
_REMEMBERED = 10_000  # keys whose last generation is known
_LOADED = 10  # parts that are read for that at first


class Notification(BaseModel):
    """A change of a document, numbered for one subscriber; `offset`: its place in the log."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    partition: int
    offset: int
    key: str
    generation: int
    etag: str
    media_type: str
    worker: str
    changed_at: int
    articles: tuple[ArticleAt, ...] = ()

    @property
    def change(self) -> DocumentChanged:
        """As the log has it."""
        fields = {name: getattr(self, name) for name in DocumentChanged._fields}
        return DocumentChanged(**fields)


class State(BaseModel):
    """Where a subscriber is. `sent`: the last number that needs no more sending; times in microseconds."""

    model_config = ConfigDict(frozen=True)

    epoch: str
    definition: str
    log: str
    cursor: Mapping[int, int]
    sent: int = 0
    last: int = 0
    newest: tuple[Notification, ...] = ()
    failures: int = 0
    tries: int = 0
    due: int = 0
    reason: str = ""
    ended: bool = False

    @property
    def waiting(self) -> int:
        """Numbered and not yet sent."""
        return self.last - self.sent


class _Part(BaseModel):
    notifications: tuple[Notification, ...]


class Journal:
    """One subscriber's. One thread owns it; `state` is what was read, or is about to be written."""

    def __init__(self, store: PolledStore, subscriber: str) -> None:
        self._store = store
        self._folder = f"{FOLDER}/{subscriber}"
        self._stored: Stored | None = None
        self._written: State | None = None
        self._part: tuple[Notification, ...] = ()
        self._generations: OrderedDict[str, int] = OrderedDict()
        self.state: State | None = None

    # ---- the state ---------------------------------------------------------------------------------------------

    def read(self) -> State | None:
        """The state in the store, dropping what was not written; None when there is none. Raises RetryAfter, Red."""
        known = self._stored
        stored = self._store.refresh(self._state_key, known) if known else self._store.get(self._state_key)
        if stored is not None and stored is known:
            return self.state
        self._stored = stored
        self._written = self.state = _parsed(State, stored, self._state_key) if stored else None
        return self.state

    def follow(self) -> None:
        """Read what another one may have written, unless something here waits to be written."""
        if self.state == self._written or self.only_read_on:
            self.read()

    @property
    def only_read_on(self) -> bool:
        """Whether nothing is unwritten but how far the log was read."""
        state, written = self._present(), self._written
        return written is not None and state == written.model_copy(update={"cursor": state.cursor})

    def begin(self, definition: str, log: str, ends: Cursor) -> State:
        """Start where the log ends now: who is new is told what comes from now on."""
        self.state = State(epoch=secrets.token_hex(4), definition=definition, log=log, cursor=dict(ends))
        return self.state

    def write(self) -> None:
        """Make the state durable. Raises Conflict when another one wrote: then nothing here counts; RetryAfter."""
        state = self.state
        if state is None or state == self._written:
            return
        body = state.model_dump_json().encode()
        try:
            etag = self._store.put(self._state_key, body, self._stored.etag if self._stored else None, STATE)
        except OutcomeUnknown:
            found = self._store.get(self._state_key)
            if found is None or found.body != body:
                raise
            etag = found.etag
        self._stored = Stored(body, etag, 0)
        self._written = state

    @property
    def _state_key(self) -> str:
        return f"{self._folder}/state.json"

    # ---- numbering ---------------------------------------------------------------------------------------------

    def take(self, changes: Iterable[Announced], cursor: Cursor, now: int) -> None:
        """Number what is new, and remember the place after it; once written, it may be sent. Raises as a store does."""
        state = self._present()
        fresh = [each for each in changes if self._is_new(each.change)]
        if fresh and (len(state.newest) >= PART or sum(len(each.articles) for each in state.newest) >= _ARTICLES):
            self._close(state.newest, now)
            state = state.model_copy(update={"newest": ()})
        numbered = [_numbered(each, state.last + 1 + at) for at, each in enumerate(fresh)]
        self.state = state.model_copy(
            update={"cursor": dict(cursor), "last": state.last + len(numbered), "newest": (*state.newest, *numbered)}
        )

    def pending(self) -> Sequence[Notification]:
        """What comes next to be sent: not all of it, but some if there is any. Raises RetryAfter, Red."""
        state = self._present()
        wanted = state.sent + 1
        if not state.waiting:
            return ()
        part = state.newest if state.newest and state.newest[0].sequence <= wanted else self._closed(wanted)
        return [each for each in part if each.sequence >= wanted]

    def _closed(self, wanted: int) -> Sequence[Notification]:
        """The full part that holds a number, or the next one when that was cleared away."""
        if not (self._part and self._part[0].sequence <= wanted <= self._part[-1].sequence):
            keys = self.parts()
            at = max(0, sum(_first(key) <= wanted for key in keys) - 1)
            parts = (self._load(key) for key in keys[at:])
            self._part = next((part for part in parts if part and part[-1].sequence >= wanted), ())
        return self._part or self._present().newest

    def parts(self) -> list[str]:
        """The keys of all full parts, oldest first."""
        return [key for key in self._store.keys(f"{self._folder}/") if key != self._state_key]

    def every(self) -> Iterable[Notification]:
        """All that can be told again, oldest first."""
        for key in self.parts():
            yield from self._load(key)
        yield from self._present().newest

    def _load(self, key: str) -> tuple[Notification, ...]:
        stored = self._store.get(key)
        return _parsed(_Part, stored, key).notifications if stored else ()

    def _close(self, newest: tuple[Notification, ...], now: int) -> None:
        key = f"{self._folder}/{newest[0].sequence:020}.json"
        with suppress(Conflict):  # written before, by one that died before it could write the state: the same
            self._store.put(key, _Part(notifications=newest).model_dump_json().encode(), None, STATE)
        for old in self.parts():
            stored = self._store.get(old)
            if stored is None or _parsed(_Part, stored, old).notifications[-1].changed_at > now - KEPT:
                break
            self._store.delete(old, stored.etag)

    # ---- what was told already ---------------------------------------------------------------------------------

    def _is_new(self, change: DocumentChanged) -> bool:
        """Whether its generation is above the last one of its key that was numbered, as far as that is remembered."""
        if not self._generations:
            for key in self.parts()[-_LOADED:]:
                self._remember(*((each.key, each.generation) for each in self._load(key)))
            self._remember(*((each.key, each.generation) for each in self._present().newest))
        if change.generation <= self._generations.get(change.key, 0):
            return False
        self._remember((change.key, change.generation))
        return True

    def _remember(self, *told: tuple[str, int]) -> None:
        for key, generation in told:
            self._generations[key] = max(generation, self._generations.pop(key, 0))
        while len(self._generations) > _REMEMBERED:
            self._generations.popitem(last=False)

    def forget(self) -> None:
        """Another one wrote: nothing that was known here holds."""
        self._stored = self._written = self.state = None
        self._part = ()
        self._generations.clear()

    def _present(self) -> State:
        assert self.state is not None
        return self.state


def _numbered(announced: Announced, sequence: int) -> Notification:
    place = {"sequence": sequence, "partition": announced.partition.number, "offset": announced.offset}
    return Notification(**place, **announced.change._asdict())


def _first(key: str) -> int:
    return int(key.rpartition("/")[2].removesuffix(".json"))


Model = TypeVar("Model", bound=BaseModel)


def _parsed(model: type[Model], stored: Stored, key: str) -> Model:
    try:
        return model.model_validate_json(stored.body)
    except ValidationError:
        raise Red(
            f"{key} in the store cannot be read", "put back a copy, or delete it: numbers then begin anew"
        ) from None
