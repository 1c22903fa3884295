"""Google News sitemaps: what a publication first published in the last 48 hours."""

from wireroom.sitemaps.sink import SitemapsSink

__all__ = ["SitemapsSink"]
