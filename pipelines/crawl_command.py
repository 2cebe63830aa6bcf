"""The ``codex-sft crawl`` command: pages of hosts that the user allows, asked for politely, kept for good."""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from pipelines import __version__
from pipelines.run_folder import OutputUnusable, RunFolder
from pipelines.user_error import NOTHING_DONE, UserError
from scraping.crawl.addresses import BadAddress, host_of, normal_address, read_address_list
from scraping.crawl.clock import timestamp
from scraping.crawl.host_crawl import CrawlOptions
from scraping.crawl.network import Internet
from scraping.crawl.page_store import PageStore
from scraping.crawl.policy import HostPolicy, Permissions, read_policies
from scraping.crawl.site_policies import requests_for, site_policies
from scraping.crawl.warc import import_warc, write_warc
from scraping.sites.adapter import PageRequest, SiteAdapter
from scraping.sites.registry import ADAPTERS, adapter_named
from tasks.files import BadFile

if TYPE_CHECKING:
    from pipelines.crawl_pipeline import CrawlSetting

_SOME_LOST = 1
_MOST_HOSTS = 32
_PROGRAM = re.compile(r"(?!Mozilla)[A-Za-z][A-Za-z_-]*/[\w.+-]+", re.ASCII)


@click.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "--list",
    "lists",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A file of addresses, one to a line, with comments after #.",
)
@click.option("--site", "listed_site", metavar="SITE", help="All problems of a known site, by its own list.")
@click.option("--contest", metavar="NAME", help="With --site: those of one contest.")
@click.option("--limit", type=click.IntRange(min=1), help="With --site: so many problems at most.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run's folder.")
@click.option("--allow", "sites", multiple=True, metavar="SITE", help="Fetch from a known site.")
@click.option("--allow-host", "hosts", multiple=True, metavar="HOST", help="Fetch from a host.")
@click.option(
    "--policy",
    "policy_files",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A YAML file of policies; see below.",
)
@click.option(
    "--contact",
    envvar="CODEX_SFT_CONTACT",
    show_envvar=True,
    metavar="ADDRESS",
    help="Your e-mail or web address, which every request tells; needed for fetching.",
)
@click.option(
    "--user-agent",
    default=f"codex-sft/{__version__}",
    show_default=True,
    metavar="NAME/VERSION",
    help="What every request names as its program, and robots.txt is read for.",
)
@click.option(
    "--interval",
    default=0.0,
    type=click.FloatRange(min=0),
    help="At least so many seconds between requests to a host; policies and robots.txt may ask for more.",
)
@click.option(
    "--max-wait",
    default=600.0,
    type=click.FloatRange(min=0),
    show_default=True,
    help="Seconds; a host that asks for a longer wait is left until another run.",
)
@click.option(
    "--timeout",
    default=60.0,
    type=click.FloatRange(min=0.1),
    show_default=True,
    help="Seconds for one answer in all.",
)
@click.option(
    "--max-page-bytes",
    default=16 * 2**20,
    type=click.IntRange(min=1),
    show_default=True,
    help="Of one body, uncompressed.",
)
@click.option(
    "--attempts",
    default=4,
    type=click.IntRange(min=1),
    show_default=True,
    help="Tries for an answer that may yet come.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help=f"Hosts at a time. [default: all, but at most {_MOST_HOSTS}]",
)
@click.option("--refresh", is_flag=True, help="Ask whether the pages of the store have changed.")
@click.option("--ask-again", is_flag=True, help="Ask also hosts that refused within the last day.")
@click.option(
    "--store", "store_path", type=click.Path(path_type=Path), help="The page store. [default: OUTPUT/store]"
)
@click.option(
    "--import-warc",
    "imported",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Put the answers of a WARC file into the store first.",
)
@click.option(
    "--warc", "exported", type=click.Path(path_type=Path), help="Write the store as a WARC file at the end."
)
def crawl(
    urls: tuple[str, ...],
    lists: tuple[Path, ...],
    listed_site: str | None,
    contest: str | None,
    limit: int | None,
    output: Path,
    sites: tuple[str, ...],
    hosts: tuple[str, ...],
    policy_files: tuple[Path, ...],
    contact: str | None,
    user_agent: str,
    interval: float,
    max_wait: float,
    timeout: float,
    max_page_bytes: int,
    attempts: int,
    workers: int | None,
    refresh: bool,
    ask_again: bool,
    store_path: Path | None,
    imported: tuple[Path, ...],
    exported: Path | None,
) -> None:
    """Fetch pages into a store, from hosts that you allow, as slowly as they wish.

    The address of a problem stands for what its site offers to read it from. Sites that are known are
    closed until you --allow them, others until you name their host; their terms are for you to read.

    With --site the site's own list is fetched first, as far as it is needed, and then the problems on it.

    Each host is asked in one place, request after request, as its robots.txt, its policy and its
    Retry-After say. One that refuses (403, a challenge, a captcha, a login) is left alone for a day.
    Nothing is got around. What the store holds is not asked for again; stopped, the same command goes on.

    \b
    A policy FILE is a list of sites, which go before the known ones:
      - site: mine
        hosts: [judge.example.org, "*.judge.example.org"]
        minimal_interval_seconds: 2
        terms_url: https://judge.example.org/terms
        allowed: true                  # the terms are read, and do not forbid it

    \b
    The output folder gets
      pages.jsonl         what was asked for and under what it is in the store
      dead_letters.jsonl  every other request, with its reason
      crawl.json          the counts           store/  the pages

    Exit status: 0 if there is a page for every request, 1 if some have none, 2 if there is no page at all.
    """
    console = Console()
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns through the root logger
    run = RunFolder(output.absolute())
    store = PageStore((store_path or run.path / "store").absolute())
    try:
        requests = _requests(urls, lists)
        adapter = _adapter(listed_site, contest, limit)
        if not requests and adapter is None:
            raise UserError("no address is given; give some, or a file of them with --list, or a --site")
        permissions = _permissions(sites, hosts, policy_files)
        options = CrawlOptions(
            user_agent=_named(user_agent, contact, permissions),
            interval=interval,
            attempts=attempts,
            max_seconds=timeout,
            max_bytes=max_page_bytes,
            max_wait=max_wait,
            refresh_before=timestamp(time.time()) if refresh else "",
            ask_again=ask_again,
        )
        with run.open():
            for file in imported:
                kept, losses = import_warc(file, store)
                click.echo(f"{file}: {kept} answers taken, {len(losses)} left out")
            setting = _setting(run, store, permissions, options)
            if adapter is not None:
                listed = _listed(adapter, setting, contest, limit)
                click.echo(f"{len(listed)} page(s) of {adapter.name} are listed")
                requests = list({request.key: request for request in [*requests, *listed]}.values())
            pages = _crawl(requests, setting, workers, console)
            if exported:
                count = write_warc(exported, store, store.answers(), options.user_agent)
                click.echo(f"{count} answers as a WARC file: {exported}")
    except (BadFile, BadAddress, OutputUnusable) as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}; choose another --output or --store") from error
    if pages < len(requests):
        sys.exit(_SOME_LOST if pages else NOTHING_DONE)


def _requests(urls: tuple[str, ...], lists: tuple[Path, ...]) -> list[PageRequest]:
    addresses = [*urls, *(address for file in lists for address in read_address_list(file))]
    found = (request for address in addresses for request in requests_for(address))
    return list({request.key: request for request in found}.values())


def _adapter(site: str | None, contest: str | None, limit: int | None) -> SiteAdapter | None:
    if site is None:
        if contest is not None or limit is not None:
            raise UserError("--contest and --limit go with --site")
        return None
    adapter = adapter_named(site)
    if adapter is None:
        names = ", ".join(each.name for each in ADAPTERS)
        raise UserError(f"--site {site}: no such site is known ({names})")
    return adapter


def _listed(
    adapter: SiteAdapter, setting: CrawlSetting, contest: str | None, limit: int | None
) -> list[PageRequest]:
    from pipelines.site_listing import NoListing, listed_requests  # Beam takes seconds to import

    try:
        return listed_requests(adapter, setting, contest=contest, limit=limit)
    except NoListing as error:
        raise UserError(str(error)) from error


def _setting(
    run: RunFolder, store: PageStore, permissions: Permissions, options: CrawlOptions
) -> CrawlSetting:
    from pipelines.crawl_pipeline import CrawlSetting  # Beam takes seconds to import

    return CrawlSetting(run.path, store, permissions, options, Internet())


def _permissions(sites: tuple[str, ...], hosts: tuple[str, ...], files: tuple[Path, ...]) -> Permissions:
    policies: tuple[HostPolicy, ...] = ()
    for file in files:
        policies += read_policies(file)
    policies += site_policies()
    known = sorted({policy.site for policy in policies})
    for site in sites:
        if site not in known:
            names = ", ".join(known)
            raise UserError(f"--allow {site}: no such site is known ({names}); hosts go with --allow-host")
    allowed = frozenset(host_of(normal_address(f"https://{host}")) for host in hosts)
    return Permissions(policies, frozenset(sites), allowed)


def _named(program: str, contact: str | None, permissions: Permissions) -> str:
    """What requests say of themselves."""
    if not _PROGRAM.fullmatch(program):
        raise UserError(f"--user-agent {program!r}: give a name of your own and a version, such as name/1.0")
    opened = permissions.sites or permissions.hosts or any(each.allowed for each in permissions.policies)
    if contact is None and opened:
        raise UserError("--contact is missing: hosts have to be told whom to write to if they mind")
    if contact is not None and not re.fullmatch(r"[!-~]*[@.][!-~]*", contact):
        raise UserError(f"--contact {contact!r}: give an e-mail or web address")
    return f"{program} (+{contact})" if contact else program


def _crawl(requests: list[PageRequest], setting: CrawlSetting, workers: int | None, console: Console) -> int:
    """How many pages there are in the end."""
    from pipelines.crawl_pipeline import run_crawl
    from pipelines.crawl_progress import shown_crawl
    from pipelines.crawl_report import render_report

    named = len({host_of(request.url) for request in requests})
    console.print(
        f"{len(requests)} request(s) to {named} host(s) as {setting.options.user_agent}", highlight=False
    )
    run = RunFolder(setting.output)
    try:
        with shown_crawl(run, len(requests), console):
            report = run_crawl(requests, setting, workers=workers or min(named, _MOST_HOSTS))
    except KeyboardInterrupt:
        click.echo("interrupted; the same command goes on where this one stopped", err=True)
        os._exit(NOTHING_DONE)  # workers would go on asking until they are through
    console.print(render_report(report))
    click.echo(f"{report.pages} of {report.requests} requests have a page: {run.path}/pages.jsonl")
    return report.pages
