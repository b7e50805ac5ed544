"""Notices about the page's certificate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flask.testing import FlaskClient

from admin.parts import NAME, Parts
from config import certificates
from config.certificates import Certificate
from config.https import SELF_SIGNED
from config.paths import Paths
from tests.support.page import own_parts

NEWS = "The page has a new certificate, because this machine is now also IP:192.0.2.7."


def test_a_new_certificate_is_announced_once_to_a_signed_in_user(owner: FlaskClient, paths: Paths) -> None:
    (paths.data / SELF_SIGNED).with_name(certificates.NOTICE).write_text(NEWS)
    stranger = owner.application.test_client()
    assert NEWS not in stranger.get("/", follow_redirects=True).text
    assert NEWS in owner.get("/").text
    assert NEWS not in owner.get("/").text


def test_a_problem_of_the_owners_certificate_stays_on_the_page(owner: FlaskClient) -> None:
    own, problem = Path("/own.pem"), "/own.pem has expired"
    parts: Parts = own_parts(owner)
    wrong = Certificate(own, own, is_self_signed=False, is_trusted=False, fingerprint="", expires="", problem=problem)
    owner.application.extensions[NAME] = replace(parts, where=replace(parts.where, certificate=wrong))
    assert all(problem in owner.get("/").text for _ in range(2))
    assert problem not in owner.application.test_client().get("/login").text
