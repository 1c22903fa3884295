from hypothesis import given
from hypothesis import strategies as st

from wireroom.log.kafka.sharing import Claim, share

MEMBERS = st.dictionaries(
    st.sampled_from("abcde"),
    st.builds(Claim, st.frozensets(st.integers(0, 8)), st.integers(-1, 3)),
    min_size=1,
)
NUMBERS = st.frozensets(st.integers(0, 8))


def settled(claims: dict[str, Claim], numbers: frozenset[int]) -> dict[str, list[int]]:
    """What is shared out once everybody has let go of what is not its own, and has joined again."""
    for generation in range(10, 13):
        shares = share(claims, numbers)
        claims = {member: Claim(frozenset(mine), generation) for member, mine in shares.items()}
    return share(claims, numbers)


@given(MEMBERS, NUMBERS)
def test_nothing_has_two_owners(claims: dict[str, Claim], numbers: frozenset[int]) -> None:
    shared = [number for one in share(claims, numbers).values() for number in one]
    assert len(shared) == len(set(shared))
    assert set(shared) <= numbers


@given(MEMBERS, NUMBERS)
def test_what_another_holds_is_not_given_away_before_it_lets_go(
    claims: dict[str, Claim], numbers: frozenset[int]
) -> None:
    for member, mine in share(claims, numbers).items():
        for number in mine:
            holders = [other for other, claim in claims.items() if number in claim.numbers]
            newest = max((claims[other].generation for other in holders), default=None)
            assert not holders or (member in holders and claims[member].generation == newest)


@given(MEMBERS, NUMBERS)
def test_in_the_end_all_are_shared_evenly(claims: dict[str, Claim], numbers: frozenset[int]) -> None:
    shares = settled(claims, numbers)
    assert sorted(number for mine in shares.values() for number in mine) == sorted(numbers)
    sizes = [len(mine) for mine in shares.values()]
    assert max(sizes) - min(sizes) <= 1
    assert share({member: Claim(frozenset(mine), 20) for member, mine in shares.items()}, numbers) == shares


@given(MEMBERS, NUMBERS)
def test_who_holds_no_more_than_its_share_keeps_all(claims: dict[str, Claim], numbers: frozenset[int]) -> None:
    shares = settled(claims, numbers)
    held = {member: Claim(frozenset(mine), 20) for member, mine in shares.items()}
    held["late"] = Claim()
    for member, mine in share(held, numbers).items():
        if member != "late":
            assert set(mine) <= set(shares[member])
            assert len(mine) >= min(len(shares[member]), len(numbers) // len(held))


def test_a_member_that_was_away_holds_nothing() -> None:
    claims = {"zombie": Claim(frozenset({0, 1}), 3), "heir": Claim(frozenset({0, 1}), 4)}
    assert share(claims, frozenset({0, 1})) == {"heir": [0], "zombie": []}
