"""What every log promises to groups: their offsets, and members that come and go."""

from itertools import chain

import pytest

from tests.contract.log_rig import GROUP, Check, Rig, commit_of, drain, home, into, join, messages, two_members, values
from wireroom.errors import Fenced
from wireroom.log import ARTICLES, BACKFILL, Assigned, Commit

CHECKS: list[Check] = []
check = into(CHECKS)


# -- a group's offsets -----------------------------------------------------------------------------------------------


@check
def a_member_gets_everything_once_in_order(rig: Rig) -> None:
    rig.log.append(ARTICLES, messages(20))
    consumer = join(rig, rig.other)
    assert values(drain(rig, consumer)) == [b"%d" % number for number in range(20)]
    rig.log.append(ARTICLES, messages(5, 20))
    assert values(drain(rig, consumer)) == [b"%d" % number for number in range(20, 25)]


@check
def a_group_starts_where_it_committed(rig: Rig) -> None:
    offset = rig.log.append(ARTICLES, messages(10))[4].offset
    assert rig.log.committed(GROUP, home(rig.log)) is None
    first = join(rig, rig.log)
    drain(rig, first)
    assert commit_of(first, home(rig.log)) == Commit(0)
    first.commit({home(rig.log): Commit(offset, "roster")})
    assert commit_of(first, home(rig.log)) == Commit(0), "as it was when the partition was gained"
    first.close()
    assert rig.other.committed(GROUP, home(rig.log)) == Commit(offset, "roster")
    second = join(rig, rig.other)
    assert commit_of(second, home(rig.log)) == Commit(offset, "roster")
    assert values(drain(rig, second)) == [b"%d" % number for number in range(4, 10)]


@check
def groups_are_apart(rig: Rig) -> None:
    end = rig.log.append(ARTICLES, messages(3))[-1].offset + 1
    feeds, sitemaps = join(rig, rig.log), join(rig, rig.other, group="sitemaps")
    assert values(drain(rig, feeds)) == values(drain(rig, sitemaps)) == [b"0", b"1", b"2"]
    feeds.commit({home(rig.log): Commit(end)})
    assert rig.log.committed("sitemaps", home(rig.log)) is None


@check
def committing_nothing_is_nothing(rig: Rig) -> None:
    rig.log.join(GROUP, [ARTICLES]).commit({})
    assert rig.log.committed(GROUP, home(rig.log)) is None


@check
def a_stranger_commits_nothing(rig: Rig) -> None:
    join(rig, rig.log)
    with pytest.raises(Fenced):
        rig.other.join(GROUP, [ARTICLES]).commit({home(rig.log): Commit(1)})
    assert rig.log.committed(GROUP, home(rig.log)) is None


@check
def a_commit_is_whole_or_nothing(rig: Rig) -> None:
    member = join(rig, rig.log)
    mine, foreign = home(rig.log), home(rig.log, BACKFILL)
    with pytest.raises(Fenced):
        member.commit({mine: Commit(1), foreign: Commit(1)})
    assert rig.log.committed(GROUP, mine) is None
    member.commit({mine: Commit(1)})
    assert rig.log.committed(GROUP, mine) == Commit(1)


# -- members come and go ---------------------------------------------------------------------------------------------


@check
def a_zombie_is_fenced(rig: Rig) -> None:
    rig.log.append(ARTICLES, messages(4))
    zombie, heir = two_members(rig)
    rig.lapse(zombie)
    rig.settle(heir)
    heir.commit({home(rig.log): Commit(2, "heir")})
    with pytest.raises(Fenced):
        zombie.commit({home(rig.log): Commit(4, "zombie")})
    assert rig.log.committed(GROUP, home(rig.log)) == Commit(2, "heir")


@check
def polls_keep_the_lease(rig: Rig) -> None:
    member, waiting = two_members(rig)
    for _ in range(12):
        rig.pass_time(member, waiting)
        member.poll(0, 1)
        waiting.poll(0, 1)
        assert home(rig.log) in member.assignment()
        assert home(rig.log) not in waiting.assignment()
    member.commit({home(rig.log): Commit(0)})


@check
def what_is_regained_has_another_term(rig: Rig) -> None:
    stalled, heir = two_members(rig)
    before = stalled.assignment()[home(rig.log)]
    rig.lapse(stalled)
    rig.settle(heir)
    heir.commit({home(rig.log): Commit(0, "heir")})
    assert heir.assignment()[home(rig.log)].term != before.term
    heir.close()
    rig.settle(stalled)
    after = stalled.assignment()[home(rig.log)]
    assert after == Assigned(Commit(0, "heir"), after.term)
    assert after.term != before.term


@check
def what_is_retained_goes_on(rig: Rig) -> None:
    """Another member comes and goes: what stays keeps its term and its position."""
    rig.log.append(ARTICLES, messages(6))
    member = join(rig, rig.log)
    before, read = member.assignment(), drain(rig, member)
    late = rig.other.join(GROUP, [ARTICLES])
    rig.settle(member, late)
    for partition in member.assignment().keys() & before.keys():
        assert member.assignment()[partition] == before[partition]
    if home(rig.log) in member.assignment():
        rig.log.append(ARTICLES, messages(1, 6))
        assert (values(read), values(drain(rig, member))) == ([b"%d" % number for number in range(6)], [b"6"])


@check
def a_member_that_leaves_is_replaced_at_once(rig: Rig) -> None:
    leaving, heir = two_members(rig)
    assert home(rig.log) not in heir.assignment()
    leaving.close()
    assert leaving.assignment() == {}
    rig.settle(heir)
    assert set(heir.assignment()) == set(rig.log.partitions(ARTICLES))
    with pytest.raises(Fenced):
        leaving.commit({home(rig.log): Commit(0)})


@check
def nothing_has_two_owners(rig: Rig) -> None:
    members = [door.join(GROUP, [ARTICLES, BACKFILL]) for door in (rig.log, rig.other, rig.log)]
    rig.settle(*members)
    owned = list(chain.from_iterable(each.assignment() for each in members))
    assert len(owned) == len(set(owned))
    assert set(owned) == {*rig.log.partitions(ARTICLES), *rig.log.partitions(BACKFILL)}


@check
def equal_numbers_have_one_owner(rig: Rig) -> None:
    members = two_members(rig, ARTICLES, BACKFILL)
    members[0].commit({home(rig.log): Commit(0)})  # of the one topic only
    for again in (False, True):
        for member in members:
            numbers = [{p.number for p in member.assignment() if p.topic == topic} for topic in (ARTICLES, BACKFILL)]
            assert numbers[0] == numbers[1]
        if not again:
            rig.lapse(members[0])
            rig.settle(members[1])


@check
def a_poll_in_which_partitions_come_does_not_wait(rig: Rig) -> None:
    rig.log.append(ARTICLES, messages(3))
    member = rig.log.join(GROUP, [ARTICLES])
    while not member.assignment():
        assert list(member.poll(3600, 1)) == [], "nor does it deliver"
    assert set(member.assignment()) == set(rig.log.partitions(ARTICLES))
