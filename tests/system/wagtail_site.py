"""A site of one kind of page, in Wagtail: its editor publishes, changes, unpublishes and deletes.

Run in an environment of its own; the working folder has `news/signals.py`, the recipe of docs/cms.md.
"""

import sys
from pathlib import Path

import django
from django.conf import settings

DJANGO = [f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")]
WAGTAIL = [f"wagtail.{name}" for name in ("admin", "documents", "images", "users", "search", "sites")]
APPS = ["news.apps.NewsConfig", *WAGTAIL, "wagtail", "taggit", "modelcluster", *DJANGO]
NEWS = {
    "__init__.py": "",
    "migrations/__init__.py": "",
    "apps.py": """
from django.apps import AppConfig


class NewsConfig(AppConfig):
    name = "news"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from news import signals
""",
    "models.py": """
from wagtail.fields import RichTextField
from wagtail.models import Page


class ArticlePage(Page):
    body = RichTextField()
""",
}


def main(log: str) -> None:
    """The editor's day."""
    sys.path.insert(0, "")
    for name, text in NEWS.items():
        path = Path("news") / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    settings.configure(
        SECRET_KEY="test",
        USE_TZ=True,
        WIREROOM_LOG=log,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.db"}},
        ROOT_URLCONF="wagtail.urls",
        WAGTAIL_SITE_NAME="The Morning Post",
        STATIC_URL="/static/",
        INSTALLED_APPS=APPS,
    )
    django.setup()
    from django.core.management import call_command

    call_command("makemigrations", "news", verbosity=0)
    call_command("migrate", verbosity=0)
    edit()


def edit() -> None:
    """Five events: published, changed, unpublished, published again, deleted; a change that is rolled back is none."""
    from django.db import transaction
    from news.models import ArticlePage
    from wagtail.models import Page

    home = Page.objects.get(depth=2)
    page = home.add_child(instance=ArticlePage(title="Old bridge closes", body="<p>On Monday.</p>", live=False))
    page.save_revision().publish()
    page = ArticlePage.objects.get(pk=page.pk)
    page.title = "Old bridge closes for a week"
    page.save_revision().publish()
    try:
        with transaction.atomic():
            page.title = "Never said"
            page.save_revision().publish()
            raise LookupError
    except LookupError:
        page = ArticlePage.objects.get(pk=page.pk)
    page.unpublish()
    page.save_revision().publish()
    ArticlePage.objects.get(pk=page.pk).delete()


if __name__ == "__main__":
    main(sys.argv[1])
