"""Builds one configuration: the database, the dumps of it, and what Django says of it."""

import contextlib
import json
import os
from pathlib import Path

#: Each dump and how `manage.py dumpdata` is asked for it. The last one is what the web recommends for moving a site.
DUMPS = {
    "dump.json": {},
    "natural.json": {"use_natural_foreign_keys": True, "use_natural_primary_keys": True},
    "lines.jsonl": {"format": "jsonl"},
    "recipe.json": {"use_natural_foreign_keys": True, "exclude": ["contenttypes", "auth.permission"]},
}


def build(folder: Path, settings: str, postgres: str | None):
    """Fills `folder`, which must be empty. Django can be set up once in a process, so each call needs its own."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["SITE_BUILDER_FOLDER"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = f"site_builder.settings.{settings}"
    if postgres:
        os.environ["SITE_BUILDER_POSTGRES"] = postgres

    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    if postgres:
        # The site that was built on SQLite, so that both hold the same hashes.
        call_command("loaddata", folder / "recipe.json", verbosity=0, skip_checks=True)
        return

    from .expected import expected
    from .fill import fill

    fill()
    for name, options in DUMPS.items():
        with contextlib.redirect_stdout(None):
            call_command("dumpdata", output=str(folder / name), indent=1, verbosity=0, skip_checks=True, **options)
    text = json.dumps(expected(), indent=1, ensure_ascii=False, sort_keys=True)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")
