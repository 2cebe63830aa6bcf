"""What the user allows, and lists of addresses and policies as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from scraping.crawl.addresses import BadAddress, host_of, normal_address, read_address_list, redirect_target
from scraping.crawl.policy import UNKNOWN_HOST_INTERVAL, HostPolicy, Permissions, read_policies
from scraping.crawl.site_policies import requests_for, site_policies
from scraping.sites.registry import ADAPTERS
from tasks.files import BadFile


def test_sites_are_closed_until_they_are_allowed() -> None:
    policy = HostPolicy("judge", ("judge.example", "*.judge.example"), 2.0, "https://judge.example/terms")
    closed = Permissions((policy,))
    assert "--allow judge" in (closed.objection("judge.example") or "")
    assert "https://judge.example/terms" in (closed.objection("www.judge.example") or "")
    assert Permissions((policy,), sites=frozenset({"judge"})).objection("www.judge.example") is None
    assert "--allow-host notjudge.example" in (closed.objection("notjudge.example") or "")
    opened = Permissions((policy,), hosts=frozenset({"notjudge.example"}))
    assert opened.objection("notjudge.example") is None
    assert opened.objection("judge.example") is not None
    assert opened.policy("notjudge.example").minimal_interval_seconds == UNKNOWN_HOST_INTERVAL


def test_policies_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text("- site: own\n  hosts: [own.example]\n  minimal_interval_seconds: 1\n  allowed: true\n")
    (policy,) = read_policies(file)
    assert policy == HostPolicy("own", ("own.example",), 1.0, allowed=True)
    for content, message in (
        ("- site: own\n", "hosts"),
        ("- {site: own, hosts: [a], alowed: true}\n", "entry 1 has unknown fields: alowed"),
        ("- {site: own, hosts: [a], minimal_interval_seconds: -1}\n", ">= 0"),
        ("site: [", "policies.yaml"),
        ("", "policies.yaml"),
    ):
        file.write_text(content)
        with pytest.raises(BadFile, match=message):
            read_policies(file)
    with pytest.raises(BadFile, match=r"absent\.yaml"):
        read_policies(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("HTTPS://Judge.Example:443/a b?x=ü#part", "https://judge.example/a%20b?x=%C3%BC"),
        ("http://judge.example", "http://judge.example/"),
        ("http://judge.example:8080/a/../b", "http://judge.example:8080/b"),
        (" http://127.0.0.1:80/x ", "http://127.0.0.1/x"),
        ("https://ügly.example/", "https://xn--gly-goa.example/"),
    ],
)
def test_addresses_have_one_spelling(text: str, normal: str) -> None:
    assert normal_address(text) == normal
    assert normal_address(normal) == normal


@pytest.mark.parametrize(
    "text",
    [
        "judge.example/1",
        "ftp://judge.example/",
        "https://",
        "http://me:secret@judge.example/",
        "http://[x/",
        "http://x:99999/",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        normal_address(text)


def test_redirects_and_hosts() -> None:
    assert redirect_target("https://judge.example/a/b?c", "../d#e") == "https://judge.example/d"
    assert redirect_target("https://judge.example/a", "//other.example") == "https://other.example/"
    assert host_of("https://judge.example:8443/x") == "judge.example:8443"


def test_lists_of_addresses(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("# a comment\nhttps://judge.example/1#part\n\n  https://judge.example/2  # why\n")
    assert read_address_list(file) == [
        "https://judge.example/1",
        "https://judge.example/2",
    ]
    file.write_text("https://judge.example/1\njudge.example\n")
    with pytest.raises(BadFile, match=r"list\.txt:2: .*https://"):
        read_address_list(file)
    file.write_text("https://judge.example/1 https://judge.example/2\n")
    with pytest.raises(BadFile, match=r"list\.txt:1: more than one"):
        read_address_list(file)
    file.write_bytes(b"\xff")
    with pytest.raises(BadFile, match=r"list\.txt"):
        read_address_list(file)


def test_every_site_with_an_adapter_is_known_and_closed() -> None:
    permissions = Permissions(site_policies())
    for adapter in ADAPTERS:
        for request in [*adapter.list_requests(), *adapter.list_requests("abc1")]:
            host = host_of(normal_address(request.url))
            assert permissions.policy(host).site == adapter.name
            assert f"--allow {adapter.name}" in (permissions.objection(host) or "")
    assert {policy.site for policy in site_policies()} == {adapter.name for adapter in ADAPTERS}
    assert all(policy.minimal_interval_seconds >= 1 for policy in site_policies())


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("https://codeforces.com/contest/1779", "https://codeforces.com/contest/1779/problems"),
        ("https://codeforces.com/api/problemset.problems", "https://codeforces.com/api/problemset.problems"),
        ("https://leetcode.com/problems/two-sum/", "https://leetcode.com/graphql"),
        ("https://www.codechef.com/api/contests/X", "https://www.codechef.com/api/contests/X"),
        ("https://nowhere.example/problem/1#a", "https://nowhere.example/problem/1"),
    ],
)
def test_problems_are_asked_for_where_their_sites_offer_them(address: str, asked: str) -> None:
    (request,) = requests_for(address)
    assert request.url == asked
    assert ("two-sum" in request.body) == ("two-sum" in address) == (request.method == "POST")
