"""Threads for many hosts."""

from threading import Barrier, Event, Lock

from wireroom.notify.websub.lanes import Lane


def test_one_host_does_not_take_them_all() -> None:
    lane, block, done = Lane("test", 4, 2), Event(), Event()
    for _ in range(100):
        lane.submit("slow", block.wait)  # type: ignore[arg-type]
    lane.submit("prompt", done.set)
    assert done.wait(10)
    block.set()
    lane.close()


def test_a_host_has_as_many_as_it_may_at_once() -> None:
    lane, together, ended = Lane("test", 8, 3), Barrier(4), Event()
    running, most, lock = 0, 0, Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(10)
        with lock:
            running -= 1

    for _ in range(6):
        lane.submit("host", work)
    together.wait(10)
    together.wait(10)
    lane.submit("host", ended.set)
    assert ended.wait(10)
    assert most == 3
    lane.close()


def test_a_hosts_work_is_done_in_order() -> None:
    lane, done, seen = Lane("test", 8, 1), Event(), list[int]()
    for number in range(200):
        lane.submit("host", lambda number=number: seen.append(number))  # type: ignore[misc]
    lane.submit("host", done.set)
    assert done.wait(10)
    assert seen == list(range(200))
    lane.close()


def test_after_closing_nothing_is_begun() -> None:
    lane, begun, block, seen = Lane("test", 1, 1), Event(), Event(), list[int]()

    def first() -> None:
        begun.set()
        block.wait(10)

    lane.submit("host", first)
    lane.submit("host", lambda: seen.append(1))
    assert begun.wait(10)
    lane.close()
    block.set()
    lane.submit("other", lambda: seen.append(2))
    assert seen == []
