"""The settings of the page's addresses."""

from __future__ import annotations

from dataclasses import dataclass

from config.declaration import setting

NAME = r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,9}"
HOSTNAMES = rf"({NAME}([ ,]+{NAME}){{0,15}})?"
HOSTNAMES_FORM = "up to 16 names with spaces between them, such as cars.example pi.lan"
PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6([0-4][0-9]{3}|5([0-4][0-9]{2}|5([0-2][0-9]|3[0-5]))))"
OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
ADDRESS = rf"({OCTET}(\.{OCTET}){{3}}|[0-9A-Fa-f]{{0,4}}(:[0-9A-Fa-f]{{0,4}}){{2,7}}(:{OCTET}(\.{OCTET}){{3}})?)"
URL = rf"https?://({NAME}|\[{ADDRESS}\])(:{PORT})?(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{{0,63}}){{0,4}}/?"
BEHIND_PROXY = rf"({URL}( {ADDRESS})?)?"
BEHIND_PROXY_FORM = "the page's address in browsers, such as https://cars.example/drivewatch"
BY_PEOPLE = ("()", "empty, as a person alone sets it")  # who holds a token must not open the page to other names

# A table: first line the value and its limits, second line what people read.
# fmt: off


@dataclass(frozen=True, slots=True)
class Admin:
    """By which addresses the page is opened."""

    hostnames: str = setting("", pattern=HOSTNAMES, form=HOSTNAMES_FORM, api_form=BY_PEOPLE,
        label="Other names", help="Names of the page besides the Pi's addresses and its own hostname.")
    behind_proxy: str = setting("", pattern=BEHIND_PROXY, form=BEHIND_PROXY_FORM, api_form=BY_PEOPLE,
        label="Behind a proxy", help="Its address in browsers; then the proxy's IP, unless it runs on the Pi.")
