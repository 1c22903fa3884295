"""Each type of problem has a page, and each page a type."""

from wireroom.ingest.problems import KINDS, pages


def test_each_type_has_a_page_that_names_its_status() -> None:
    assert set(pages()) == {"", *KINDS}
    for name, kind in KINDS.items():
        assert pages()[name].decode().startswith(f"# {name}\n\n{kind.status}. ")
