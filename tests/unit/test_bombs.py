"""Hostile bodies. What is refused here took minutes or gigabytes before it was."""

from contextlib import suppress

import pytest

from wireroom.errors import Reject
from wireroom.html import sanitise

URL = "https://news.example/read/7"


def test_references_without_end_are_refused_at_once() -> None:
    with pytest.raises(Reject) as refused:
        sanitise("&" * 900_000, URL)
    assert refused.value.rule == "body-references"


MANY = 40_000
PARAGRAPHS = "<p>x</p>" * 20_000


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * MANY,
        "<DIV\n>" * MANY,
        "<span>" * MANY + "</x>" * MANY,
        "<span><div></span></div>" * MANY,
        "<div title='</div>'>" * MANY,
        "<div title='></div>'>" * MANY,
        "<div a='\"' title=\"></div>'\">" * MANY,
        '<div title="></div>" x\'>' * MANY,
        "<div a=b'></div>'>" * MANY,
        "<div><!-- </div> -->" * MANY,
        "<div><!--></div>" * MANY,
        "<div><!-- --!></div>" * MANY,
        "<div><? </div> ?>" * MANY,
        "<div></div x='" * MANY,
        "<div><textarea></div></textarea>" * MANY,
        "<svg>" + "<td>" * MANY + "</x>" * MANY,
        "<div/>" * MANY,
        "<li><dd>" * MANY,
        "<div title='<div title='</b>>" + "<h1>" * MANY + "'>",
        "<p>" + "".join(f"<b title={n}>" for n in range(200)) + "</p>" + PARAGRAPHS,
        "<p>" + "".join(f"<b title='</b>{n}'>" for n in range(200)) + "</p>" + PARAGRAPHS + "</b>" * 200,
    ],
)
def test_a_body_that_would_cost_minutes_is_refused_at_once(body: str) -> None:
    with pytest.raises(Reject) as refused:
        sanitise(body, URL)
    assert refused.value.rule == "body-nesting"


@pytest.mark.parametrize(
    "body",
    [
        "<p>x" * 50_000,
        "<p>x<br></p>" * 50_000,
        "<div><table>" + "<tr><td><b>1</b></td></tr>" * 25_000,
        "<ul>" + "<li>x" * 50_000,
        "<!-- wp:paragraph --><p class=\"x\">a <a href=/b title='c > d'>e</a><img src=x /></p>" * 10_000,
        "<svg><g>" + '<path d="M0 0L1 1"></path>' * 10_000 + "</g></svg>" + "<p>x<br></p>" * 10_000,
        "a < b " * 50_000,
    ],
)
def test_a_long_body_is_not_a_deep_one(body: str) -> None:
    assert sanitise(body, URL)


@pytest.mark.parametrize("body", ["<a x='" * 90_000, '<a x="' * 90_000 + "'", "<!--" * 90_000, "<a " + "x " * 90_000])
def test_looking_for_deep_ones_costs_no_more_than_the_length(body: str) -> None:
    """A quadratic search would run into the suite's timeout; refused or not, an answer comes."""
    with suppress(Reject):
        sanitise(f"{body}{'<br>' * 2000}", URL)
