"""Texts that look like secrets and like personal data, put together here so that they stand nowhere whole."""

from __future__ import annotations

import base64
import json


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


CREDENTIALS = {
    "AWS key": "AKIA" + "IOSFODNN7QWERTYU",
    "GitHub token": "ghp_" + "a1B2" * 9,
    "GitLab token": "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "Slack token": "xoxb-" + "123456789012-123456789012-" + "a1B2" * 6,
    "Slack webhook": "https://hooks.slack.com/services/" + "T0123ABCD/B0123ABCD/" + "a1B2" * 6,
    "Stripe key": "sk_live_" + "a1B2" * 6,
    "PyPI token": "pypi-" + "AgEIcHlwaS5vcmc" + "a1B2" * 20,
    "npm token": "//registry.npmjs.org/:_authToken=" + "npm_" + "a1B2" * 9,
    "SendGrid key": "SG." + "a1B2c3D4e5F6g7H8i9J0kL" + "." + "a1B2" * 10 + "c3D",
    "JSON web token": f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded({'sub': '1'})}." + "a1B2" * 10,
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n",
    "elliptic key": "-----BEGIN EC " + "PRIVATE KEY-----\nMHcCAQEE\n",
    "OpenSSH key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1r\n",
    "login in a URL": "postgresql://admin:" + "s3cr3tw0rd" + "@localhost:5432/main",
    "assigned password": "password = " + "hunter22",
    "password in an option": "--passwd=" + "hunter22",
    "API key in a query": "https://api.internal/?api_key=" + "0123456789abcdef",
    "bearer header": "Authorization: Bearer " + "a1B2c3D4e5F6",
    "basic header": "Authorization: Basic " + "dXNlcjpodW50ZXI=",
}
PERSONAL = {
    "e-mail address": "jane.doe" + "@" + "some-company.de",
    "short e-mail address": "x" + "@" + "y.de",
    "e-mail address with a tag": "jane+list" + "@" + "mail.some-company.co.uk",
    "home": "/home/" + "jane/data",
    "home of root": "/root/" + ".ssh/id",
    "home on a Mac": "/Users/" + "jane/data",
    "home on Windows": "C:\\Users\\" + "jane\\data",
    "other home on Windows": "d:\\users\\" + "jane\\data",
}
