"""Every event that the contract allows (hypothesis), the rare ones more often than the world has them."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from wireroom.event import Access, Article, ArticleEvent, Author, Image, Kind, Related, Rights, Source

text = st.text(max_size=20)
name = text.map(lambda words: f"{words}ñ".replace("@", " ").replace("%40", " "))
line = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=20)
identifier = st.sampled_from(["0", "kabar", "kabar-teluk", "a" * 64])
article_id = line.map(lambda value: value[:16])
url = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["news.example", "例え.example", "[::1]", "127.0.0.1"]),
    st.sampled_from(["", ":8443"]),
    st.sampled_from(["", "/", "/記事/a-1", "?p=1&q[]=é", "/@ada", "#top", "/~x;y=(1),'2'%20"]),
)
zone = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moment = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=zone) | st.sampled_from(
    [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), datetime.fromtimestamp(0, UTC)]
)
pixels = st.integers(1, 2**31 - 1)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


def several(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(strategy, max_size=3).map(tuple)


author = st.builds(Author, name=name, url=maybe(url))
image = st.builds(
    Image,
    url=url,
    width=maybe(pixels),
    height=maybe(pixels),
    media_type=maybe(st.sampled_from(["image/jpeg", "image/svg+xml"])),
    size_bytes=maybe(st.integers(0, 2**63 - 1)),
    caption=maybe(text),
    credit=maybe(text),
    alt=maybe(text),
)
article = st.builds(
    Article,
    title=name,
    subtitle=maybe(text),
    summary=maybe(text),
    body_html=maybe(text),
    language=maybe(st.sampled_from(["id", "en-GB", "zh-Hans-TW", "sr-Latn", "x-house"])),
    authors=several(author),
    sections=several(name),
    tags=several(name),
    images=several(image),
    related=several(st.builds(Related, title=name, url=url)),
    source=maybe(st.builds(Source, name=name, url=maybe(url))),
    updated_at=maybe(moment),
    modified_at=moment,
    embargoed_until=maybe(moment),
    expires_at=maybe(moment),
    access=st.sampled_from(Access),
    rights=maybe(
        st.builds(Rights, copyright_holder=maybe(text), copyright_notice=maybe(text), usage_terms=maybe(text))
    ),
    previous_urls=several(url),
    exclude=several(identifier),
    extra=st.dictionaries(text, text, max_size=3),
)


def event_of(kind: Kind) -> st.SearchStrategy[ArticleEvent]:
    withdrawn = kind is Kind.WITHDRAWN
    return st.builds(
        ArticleEvent,
        event_id=line,
        kind=st.just(kind),
        publication=identifier,
        article_id=article_id,
        revision=st.integers(1, 2**63 - 1),
        occurred_at=moment,
        url=maybe(url) if withdrawn else url,
        guid=maybe(line),
        published_at=moment,
        note=maybe(text),
        article=st.none() if withdrawn else article,
    )


events = st.sampled_from(Kind).flatmap(event_of)
