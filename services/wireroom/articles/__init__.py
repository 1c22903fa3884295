"""Article documents: ninjs 3.1, one for each article, and the listing of the newest."""

from wireroom.articles.sink import ArticlesSink

__all__ = ["ArticlesSink"]
