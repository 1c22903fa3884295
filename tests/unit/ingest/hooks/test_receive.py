"""What a delivery comes to."""

import json

import pytest

from tests.golden.hooks.deliveries import CASES, RECEIVED, SECRET, SETTINGS, Case, signed
from wireroom.clock import MINUTE, SECOND
from wireroom.codec import decode
from wireroom.config import Settings
from wireroom.event import ArticleEvent, Kind
from wireroom.ingest.hooks import Delivery, Outcome, Verdict
from wireroom.ingest.hooks.receive import receive
from wireroom.log import ARTICLES, DEAD_LETTERS

BY_NAME = {case.name: case for case in CASES}
ONE_EACH = [
    BY_NAME[name] for name in ("ghost-published", "wordpress-published", "superdesk-text", "ninjs-3", "generic-wire")
]


def event(outcome: Outcome) -> ArticleEvent:
    assert outcome.verdict is Verdict.ACCEPTED, outcome.reason
    [message] = outcome.messages
    return decode(message.value)


def changed(case: Case, **fields: object) -> Delivery:
    """A delivery with other fields at the top of its payload, or in Ghost's current post."""
    payload = json.loads(case.body)
    (payload["post"]["current"] if case.cms == "ghost" else payload).update(fields)
    return signed(case.delivery._replace(body=json.dumps(payload).encode()))


@pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.name)
class TestSignatures:
    def test_without_one_nothing_is_read(self, case: Case) -> None:
        assert receive(SETTINGS, case.delivery._replace(headers={})) == Outcome(Verdict.UNSIGNED)

    def test_of_another_secret(self, case: Case) -> None:
        assert receive(SETTINGS, signed(case.delivery, b"guessed")).verdict is Verdict.UNSIGNED

    def test_of_another_body(self, case: Case) -> None:
        assert receive(SETTINGS, case.delivery._replace(body=case.body + b" ")).verdict is Verdict.UNSIGNED

    @pytest.mark.parametrize("told", ["", "sha256=", "sha1=", "é", "sha256=\udcff", "sha256=00, t=1", "sha256=00, t="])
    def test_of_no_form(self, case: Case, told: str) -> None:
        headers = dict.fromkeys(case.delivery.headers, told)
        assert receive(SETTINGS, case.delivery._replace(headers=headers)).verdict is Verdict.UNSIGNED

    def test_cut_short(self, case: Case) -> None:
        headers = {name: value.partition(",")[0][:-1] for name, value in case.delivery.headers.items()}
        assert receive(SETTINGS, case.delivery._replace(headers=headers)).verdict is Verdict.UNSIGNED

    def test_sent_to_another_hook(self, case: Case) -> None:
        elsewhere = case.delivery._replace(publication="teluk" if case.publication != "teluk" else "agency")
        assert receive(SETTINGS, elsewhere).verdict is Verdict.UNKNOWN

    def test_of_a_system_that_nobody_knows(self, case: Case) -> None:
        assert receive(SETTINGS, case.delivery._replace(cms="joomla")).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("late", "verdict"), [(0, Verdict.ACCEPTED), (1, Verdict.UNSIGNED)])
@pytest.mark.parametrize("sign", [1, -1])
def test_what_ghost_signed_holds_for_five_minutes(late: int, verdict: Verdict, sign: int) -> None:
    delivery = BY_NAME["ghost-published"].delivery
    at = int(delivery.headers["x-ghost-signature"].rpartition("=")[2]) * 1000
    assert receive(SETTINGS, delivery._replace(received_at=at + sign * (5 * MINUTE + late))).verdict is verdict


def test_the_time_that_ghost_signed_cannot_be_moved() -> None:
    delivery = BY_NAME["ghost-published"].delivery
    signature, _, at = delivery.headers["x-ghost-signature"].rpartition("=")
    later = {"x-ghost-signature": f"{signature}={int(at) + 1}"}
    assert receive(SETTINGS, delivery._replace(headers=later)).verdict is Verdict.UNSIGNED


@pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.name)
def test_a_repeated_delivery_is_the_same_message(case: Case) -> None:
    later = signed(case.delivery._replace(received_at=RECEIVED + 17 * SECOND))
    assert receive(SETTINGS, later).messages == receive(SETTINGS, case.delivery).messages


@pytest.mark.parametrize("name", ["ghost-deleted", "ghost-unpublished", "drupal-deleted", "wordpress-withdrawn"])
def test_a_repeated_withdrawal_is_the_same_event(name: str) -> None:
    first = event(receive(SETTINGS, BY_NAME[name].delivery))
    again = event(receive(SETTINGS, signed(BY_NAME[name].delivery._replace(received_at=RECEIVED + 17 * SECOND))))
    assert (first.event_id, first.revision, first.published_at) == (again.event_id, again.revision, again.published_at)


@pytest.mark.parametrize(
    ("shown", "gone", "again", "field", "value"),
    [
        ("ghost-edited-members", "ghost-deleted", "ghost-edited-members", "updated_at", "2026-11-24T09:12:05.000Z"),
        ("ghost-published", "ghost-unpublished", "ghost-published", "updated_at", "2026-11-24T11:00:01.000Z"),
        ("wordpress-published", "wordpress-withdrawn", "wordpress-published", "modified_gmt", "2026-11-24T10:10:01"),
        ("superdesk-text", "superdesk-killed", "superdesk-text", "version", "5"),
    ],
)
def test_a_withdrawal_beats_what_it_withdraws_and_loses_against_the_next_edition(
    shown: str, gone: str, again: str, field: str, value: str
) -> None:
    before = event(receive(SETTINGS, changed(BY_NAME[shown]))) if shown != "ghost-edited-members" else None
    withdrawn = event(receive(SETTINGS, BY_NAME[gone].delivery))
    after = event(receive(SETTINGS, changed(BY_NAME[again], **{field: value})))
    assert withdrawn.kind is Kind.WITHDRAWN
    if before:
        assert before.order < withdrawn.order < after.order
        assert before.published_at == withdrawn.published_at
        assert before.revision < withdrawn.revision
    else:
        assert after.order < withdrawn.order  # deleted in the very second of its last edit


def test_a_scheduled_post_that_was_public_before_comes_back() -> None:
    """WordPress: set back to scheduled at ten past ten; the clock publishes it, and leaves the time of that edit."""
    withdrawn = event(receive(SETTINGS, BY_NAME["wordpress-withdrawn"].delivery))
    times = {"date_gmt": "2026-11-24T10:30:00", "modified_gmt": "2026-11-24T10:10:00"}
    back = event(receive(SETTINGS, changed(BY_NAME["wordpress-published"], **times)))
    assert back.order > withdrawn.order


def test_what_is_paid_is_kept_when_it_is_asked_for() -> None:
    case = BY_NAME["ghost-edited-paid"]
    hook = {"cms": "ghost", "publication": "fjordposten", "secret": SECRET.decode(), "paid_body": "keep"}
    kept = event(receive(Settings.model_validate({"hooks": [hook]}), case.delivery)).article
    dropped = event(receive(SETTINGS, case.delivery)).article
    assert kept
    assert dropped
    assert (kept.access, dropped.access) == ("PAID", "PAID")
    assert dropped.body_html is None
    assert kept.body_html


@pytest.mark.parametrize("visibility", ["members", "paid", "tiers", "filter", None, 7])
def test_an_excerpt_of_what_is_not_public_stays_out(visibility: object) -> None:
    case = BY_NAME["ghost-published"]
    article = event(receive(SETTINGS, changed(case, visibility=visibility))).article
    assert article
    assert (article.body_html, article.summary) == (None, None)
    assert article.access != "FREE"


@pytest.mark.parametrize("address", ["post.added", "page.published", "post.scheduled", "site.changed"])
def test_other_events_of_ghost_are_nobody_s_mistake(address: str) -> None:
    assert receive(SETTINGS, BY_NAME["ghost-published"].delivery._replace(event=address)).verdict is Verdict.NOTHING


def test_a_hook_of_ghost_without_its_event_is_told() -> None:
    outcome = receive(SETTINGS, BY_NAME["ghost-published"].delivery._replace(event=""))
    assert outcome.reason
    assert "post.published.edited" in outcome.reason.faults[0].expected


def test_a_draft_that_comes_to_the_address_of_published_posts_is_a_withdrawal_if_it_was_public() -> None:
    case = BY_NAME["ghost-unpublished"]
    wrong = event(receive(SETTINGS, case.delivery._replace(event="post.published")))
    assert wrong == event(receive(SETTINGS, case.delivery))


def test_a_dead_letter_has_the_raw_body_every_fault_and_no_secret() -> None:
    delivery = changed(BY_NAME["ghost-published"], title="", url=None, updated_at="yesterday")
    outcome = receive(SETTINGS, delivery)
    assert (outcome.verdict, outcome.topic) == (Verdict.DEAD_LETTERED, DEAD_LETTERS)
    [letter] = outcome.messages
    assert (letter.key, letter.value) == ("fjordposten", delivery.body)
    faults = {fault["path"]: fault["found"] for fault in json.loads(letter.headers["wireroom.faults"])}
    assert faults == {
        "article.title (from /title)": "nothing",
        "url (from /url)": "nothing",
        "occurred_at": "'yesterday'",
        "article.modified_at (from /updated_at)": "'yesterday'",
        "article.updated_at (from /updated_at)": "'yesterday'",
    }
    assert letter.headers["wireroom.topic"] == b"hooks/ghost/fjordposten/post.published"
    assert (letter.headers["wireroom.worker"], letter.headers["wireroom.rule"]) == (b"ingest", b"invalid-event")
    everything = repr(letter) + repr(outcome.reason)
    assert SECRET.decode() not in everything
    assert delivery.headers["x-ghost-signature"].partition(",")[0] not in everything


def test_an_article_too_large_for_the_log_is_a_dead_letter() -> None:
    outcome = receive(SETTINGS, changed(BY_NAME["wordpress-published"], content={"rendered": "x" * 900_000}))
    assert outcome.verdict is Verdict.DEAD_LETTERED
    assert outcome.reason
    assert "900000" in str(outcome.reason)


def test_events_of_a_publication_that_is_split_have_the_keys_of_its_shards() -> None:
    split = {"id": "teluk", "name": "Teluk", "language": "id", "url": "https://teluk.example/", "shards": 4}
    hook = {"cms": "wordpress", "publication": "teluk", "secret": SECRET.decode()}
    outcome = receive(
        Settings.model_validate({"publications": [split], "hooks": [hook]}), BY_NAME["wordpress-published"].delivery
    )
    assert outcome.topic == ARTICLES
    assert outcome.messages[0].key.startswith("teluk/")
