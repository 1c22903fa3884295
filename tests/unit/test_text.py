import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from wireroom.text import legal, plain

ANY_TEXT = st.text(st.characters(codec=None, categories=None))


@given(ANY_TEXT)
def test_legal_text_can_stand_in_xml(value: str) -> None:
    element = etree.Element("t")
    element.text = legal(value)
    read = etree.fromstring(etree.tostring(element)).text or ""
    assert read == legal(value)


@given(ANY_TEXT)
def test_legal_keeps_what_is_legal(value: str) -> None:
    assert legal(legal(value)) == legal(value)
    assert not set(legal(value)) - set(value)


@pytest.mark.parametrize(
    "value", ["Łódź ’n’ 東京", "👩‍👩‍👧 🇮🇩", "\u202bעברית\u202c", "a\u00a0b", "首相\u3000辞任", "e\u0301"]
)
def test_legal_and_plain_keep_meaningful_characters(value: str) -> None:
    assert legal(value) == plain(value) == value


def test_case_13_characters_that_xml_forbids_are_gone() -> None:
    forbidden = json.loads(r'"\u0000\u0008\u000b\u000c\u000e\u0010\u001f\ufffe\uffff\ud83d\ufdd0\u0096"')
    assert plain(f"em{forbidden}dash") == "emdash"


def test_case_13_a_byte_order_mark_is_gone() -> None:
    assert plain("\ufeffJudul") == "Judul"


def test_case_16_references_are_decoded_once() -> None:
    assert plain("Tom &amp; Jerry&nbsp;&#8211; &#x2019;s &lt;i&gt;") == "Tom & Jerry\u00a0\u2013 \u2019s <i>"
    assert plain("&amp;lt;b&amp;gt;") == "&lt;b&gt;"


@pytest.mark.parametrize("value", ["R&D", "?a=1&copy=2", "AT&T;", "& ;", "&notanentity;", "&#;"])
def test_what_is_no_reference_stays(value: str) -> None:
    assert plain(value) == value


@pytest.mark.parametrize("reference", ["&#0;", "&#x10;", "&#xD83D;", "&#xFFFE;", "&#9999999;", "&#11;"])
def test_a_reference_brings_nothing_illegal_back(reference: str) -> None:
    value = plain(f"a{reference}b")
    assert value == legal(value)
    assert value in {"ab", "a\ufffdb"}


def test_white_space_is_collapsed_and_trimmed() -> None:
    assert plain(" \n a \t\r\n b\u2028c\u3000") == "a b c"


@given(ANY_TEXT)
def test_text_that_needs_no_cleaning_is_cleaned_all_the_same(value: str) -> None:
    assert plain(value) == plain(f"{value}\u200e").removesuffix("\u200e").rstrip()
