"""Folding what is not cleaned yet: only what the edition holds then is, for most of an archive goes as it comes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from wireroom.edition import Change, Edition, Known, Window, fold


def fold_cleaned(
    edition: Edition,
    window: Window,
    changes: Iterable[Change],
    upto: Mapping[str, int],
    now: int,
    newest: Known = lambda _: None,
) -> Edition:
    """`fold`; every entry that is in the edition then has its content.

    What may not be shown counts as not selected, and all is folded again, for it may have evicted something.
    """
    changes = list(changes)
    while True:
        new = fold(edition, window, changes, upto, now, newest)
        taken = [at for at, change in enumerate(changes) if _waits(change, new)]
        found = [cleaned(changes[at]) for at in taken]
        for at, change in zip(taken, found, strict=True):
            changes[at] = change
        if all(change.entry is not None for change in found):
            return _filled(new, found)


def _waits(change: Change, edition: Edition) -> bool:
    """Whether the edition holds an entry that is still without content, and it is this change's."""
    held = edition.entries.get(change.event.id) if change.clean else None
    return held is not None and change.entry is not None and held.content is change.entry.content


def cleaned(change: Change) -> Change:
    """The same with its content; one that may not be shown has no entry."""
    if change.entry is None or change.clean is None:
        return change
    content = change.clean()
    entry = None if content is None else change.entry._replace(content=content)
    return change._replace(entry=entry, clean=None)


def _filled(edition: Edition, taken: Sequence[Change]) -> Edition:
    """With the content of these, each in the place that the fold gave it."""
    contents = {change.entry.id: change.entry.content for change in taken if change.entry}
    entries = {ident: edition.entries[ident]._replace(content=content) for ident, content in contents.items()}
    return replace(edition, entries={**edition.entries, **entries}) if entries else edition
