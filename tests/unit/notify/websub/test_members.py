"""Several workers of notify, one of which delivers."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from tests.unit.notify.desk import Desk
from tests.unit.notify.websub.newsroom import KEY, SETTINGS, TOPIC, Callback, document
from tests.unit.notify.websub.test_app import wait_for
from wireroom.clock import DAY
from wireroom.notify.notifier import Notifier
from wireroom.notify.websub.deliveries import Deliveries
from wireroom.notify.websub.request import Request
from wireroom.notify.websub.subscriptions import Subscriptions


@contextmanager
def member(desk: Desk) -> Iterator[Event]:
    """A worker, until the end of the block or until it is told to end."""
    end = Event()
    notifier = Notifier(
        [],
        desk.log,
        desk.store,
        desk.clock,
        lambda announcements: Deliveries(desk.store, SETTINGS, announcements, desk.clock),
    )
    thread = Thread(target=lambda: notifier.run(end.is_set))
    thread.start()
    yield end
    end.set()
    thread.join()


def test_of_two_one_delivers_and_the_other_takes_over() -> None:
    desk = Desk(partitions=4)
    with Callback() as partner:
        request = Request("subscribe", TOPIC, KEY, partner.url, DAY, None)
        Subscriptions(desk.store).apply(request, desk.clock.now())
        with member(desk) as one, member(desk):
            desk.publish(KEY, 1, document(1))
            wait_for(lambda: partner.brought)
            desk.publish(KEY, 2, document(2))
            wait_for(lambda: len(partner.brought) == 2)
            one.set()
            desk.publish(KEY, 3, document(3))
            wait_for(lambda: partner.brought[-1].body == document(3))
    assert {request.body for request in partner.brought} == {document(1), document(2), document(3)}
