"""`python -m site_builder --into DIR [--settings NAME]... [--postgres URL]`

For each of the configurations `default`, `custom` and `email` a folder DIR/NAME is made, with

    db.sqlite3      the site's database
    dump.json       manage.py dumpdata
    natural.json    manage.py dumpdata --natural-foreign --natural-primary
    lines.jsonl     manage.py dumpdata --format jsonl
    recipe.json     manage.py dumpdata --natural-foreign --exclude contenttypes --exclude auth.permission
    expected.json   passwords, permissions, groups and secrets, as Django tells them
    postgres.url    with --postgres: where the same site lies in PostgreSQL

`--postgres` names a database whose user may make others: each site gets one of its own, `site_builder_NAME`.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

CONFIGURATIONS = ("default", "custom", "email")


def main():
    parser = argparse.ArgumentParser(prog="site_builder", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, required=True, metavar="DIR")
    parser.add_argument("--settings", choices=CONFIGURATIONS, action="append")
    parser.add_argument("--postgres", metavar="URL")
    parser.add_argument("--only-this", choices=("sqlite", "postgres"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_this:
        from .build import build

        build(arguments.into, arguments.settings[0], arguments.postgres)
        return
    for settings in arguments.settings or CONFIGURATIONS:
        folder = arguments.into.resolve() / settings
        _in_a_process_of_its_own(folder, settings, "sqlite")
        if arguments.postgres:
            url = _fresh_database(arguments.postgres, f"site_builder_{settings}")
            _in_a_process_of_its_own(folder, settings, "postgres", "--postgres", url)
            (folder / "postgres.url").write_text(url, encoding="utf-8")


def _in_a_process_of_its_own(folder, settings, engine, *more):
    command = [sys.executable, "-m", "site_builder", "--into", str(folder), "--settings", settings]
    subprocess.run([*command, "--only-this", engine, *more], check=True, cwd=Path(__file__).parent.parent)


def _fresh_database(url, name):
    import psycopg
    from psycopg import sql

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


main()
