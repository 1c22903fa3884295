from tests.unit.events import NOW, put
from wireroom.clock import DAY
from wireroom.worker.seen import Seen


def test_it_remembers_thirty_days_and_then_lets_go() -> None:
    seen = Seen()
    old, new = put("a", published=NOW - 29 * DAY), put("b", published=NOW)
    for event in (old, new):
        seen.note(event, NOW)
    seen.forget_old(NOW)
    assert seen.newest(old.id) == old.order
    seen.forget_old(NOW + 3 * DAY)
    assert seen.newest(old.id) is None
    assert seen.newest(new.id) == new.order
