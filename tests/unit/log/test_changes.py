import os
import signal
from threading import Thread, Timer, active_count
from time import sleep

import pytest

from wireroom.log import changes
from wireroom.log.changes import Changes, WatchedChanges

FOREVER = 3600.0
pytestmark = pytest.mark.timeout(20)


def test_a_change_wakes_everybody_who_waits() -> None:
    watched = Changes()
    threads = [Thread(target=watched.wait, args=(0, FOREVER)) for _ in range(3)]
    for thread in threads:
        thread.start()
    watched.announce()
    for thread in threads:
        thread.join()
    assert watched.count == 1


def test_a_change_that_came_before_the_wait_is_not_missed() -> None:
    watched = Changes()
    seen = watched.count
    watched.announce()
    watched.wait(seen, FOREVER)
    assert watched.count == 1


def test_a_change_from_outside_wakes() -> None:
    versions = [7]
    watched = WatchedChanges(lambda: versions[0])
    watched.wait(0, FOREVER)  # the first look cannot know what came before it
    seen = watched.count
    waiting = Thread(target=watched.wait, args=(seen, FOREVER))
    waiting.start()
    versions[0] = 8
    waiting.join()
    assert watched.count > seen
    watched.close()


def test_not_being_able_to_look_wakes_too() -> None:
    watched = WatchedChanges(lambda: None)
    for _ in range(3):
        watched.wait(watched.count, FOREVER)
    assert watched.count >= 3
    watched.close()


def test_nobody_looks_while_nobody_waits() -> None:
    looks: list[int] = []

    def version() -> int:
        looks.append(1)
        return 1

    watched = WatchedChanges(version)
    watched.wait(0, FOREVER)
    sleep(4 * changes.LONGEST)
    before = len(looks)
    sleep(10 * changes.LONGEST)
    assert len(looks) == before
    watched.close()


def test_all_who_wait_share_one_thread_and_closing_ends_it() -> None:
    before = active_count()
    watched = WatchedChanges(lambda: 1)
    for _ in range(3):
        watched.wait(watched.count, 0.01)
    assert active_count() == before + 1
    watched.close()
    assert active_count() == before


def test_an_interrupt_ends_a_wait_and_the_looking() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    watched = WatchedChanges(lambda: 1)
    watched.wait(0, FOREVER)
    before = signal.signal(signal.SIGUSR1, interrupt)
    killer = Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
    killer.start()
    with pytest.raises(KeyboardInterrupt):
        watched.wait(watched.count, FOREVER)
    signal.signal(signal.SIGUSR1, before)
    assert watched._waiting == 0
    watched.close()


def test_closing_ends_the_thread_while_somebody_waits() -> None:
    watched = WatchedChanges(lambda: 1)
    watched.wait(0, FOREVER)
    waiting = Thread(target=watched.wait, args=(watched.count, FOREVER))
    waiting.start()
    while not watched._waiting:
        sleep(0.001)
    watched.close()
    assert watched._thread is not None
    assert not watched._thread.is_alive()
    watched.announce()
    waiting.join()


def test_closing_what_never_waited() -> None:
    WatchedChanges(lambda: 1).close()
