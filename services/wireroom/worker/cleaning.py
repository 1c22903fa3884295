"""Cleaning what an edition is about to show, and nothing else: most of an archive goes as it comes."""

from dataclasses import replace

from wireroom.edition import Change, Edition, Entry, Window, fold, to_clean


def cleaned(edition: Edition, window: Window) -> Edition:
    """The edition with the content of every article; what may not be shown is gone, and others keep its place."""
    while waiting := to_clean(edition, window):
        entries = dict(edition.entries)
        for entry in waiting:
            if (found := _with_content(entry)) is None:
                del entries[entry.id]
            else:
                entries[entry.id] = found
        edition = replace(edition, entries=entries)
    return fold(edition, window, (), {}, edition.clock)  # lets go of what waited in case one turned out bad


def cleaned_at_once(change: Change) -> Change:
    """The same with its content; one that may not be shown has no entry."""
    return change if change.entry is None else change._replace(entry=_with_content(change.entry))


def _with_content(entry: Entry) -> Entry | None:
    if entry.clean is None:
        return entry
    content = entry.clean()
    return None if content is None else entry._replace(content=content, clean=None)
