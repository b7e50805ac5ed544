"""Status, settings and what a person confirmed -> the steps of the first run, in their order. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from admin.aim import aiming
from admin.first_run.ticks import Ticks
from admin.words import NOT_ANSWERING
from app.telemetry.status import Status
from config.certificates import Certificate
from config.https import Listening
from config.settings import Settings

SILENT = f"The detector {NOT_ANSWERING}."
NOT_READY = "Possible as soon as the driver's face is seen and the road direction is learnt."
READY = "Look at the picture and the hints under “Aim the camera”, then accept the place."
ACCEPTED = "Seen when you accepted the camera's place."


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list. words: how it is now, or what is to be done; `backticks` hold commands.

    is_confirmed: a person said so, and may take it back. may_confirm: a person may say so now.
    """

    key: str
    title: str
    is_done: bool
    words: str
    is_confirmed: bool = False
    may_confirm: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the steps are judged by. status: None where the detector does not answer. password: of the hash in force."""

    status: Status | None
    settings: Settings
    ticks: Ticks
    where: Listening
    password: str
    fingerprint_command: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """All steps. is_put_away: from Home."""

    steps: tuple[Step, ...]
    is_put_away: bool = False

    @property
    def done(self) -> int:
        """How many are."""
        return sum(step.is_done for step in self.steps)

    @property
    def following(self) -> Step | None:
        """The next step to do; None when all are done."""
        return next((step for step in self.steps if not step.is_done), None)


def checklist(known: Known) -> Checklist:
    """The steps as they are now."""
    steps = (*_seen(known), _place(known), _beep(known), _led(known), _https(known), _password(known))
    return Checklist(steps, known.ticks.is_put_away)


def _seen(known: Known) -> tuple[Step, Step, Step]:
    """What the detector sees by itself; done for good once the place of the camera is accepted."""
    titles = {"camera": "Camera seen", "face": "Face found", "road": "Road direction learnt"}
    latest = known.status
    if known.ticks.place:
        camera, face, road = ((True, ACCEPTED),) * 3
    elif latest is None:
        camera, face, road = ((False, SILENT),) * 3
    else:
        camera, face, road = _camera(latest), _face(latest), _road(latest)
    found = zip(titles.items(), (camera, face, road), strict=True)
    first, second, third = (Step(key, title, *what) for (key, title), what in found)
    return first, second, third


def _camera(latest: Status) -> tuple[bool, str]:
    blocked = aiming.blocked(latest)
    if blocked is not None:
        return False, blocked.words
    return True, latest.camera.source


def _face(latest: Status) -> tuple[bool, str]:
    if latest.signals.has_face and latest.signals.yaw_deg is not None:
        return True, "The driver's face is seen."
    return False, aiming.hints(latest)[0].words


def _road(latest: Status) -> tuple[bool, str]:
    return latest.neutral.learnt, aiming.progress(latest).words


def _place(known: Known) -> Step:
    title = "Camera's place accepted"
    if known.ticks.place:
        return Step("place", title, True, "You looked at the aim and accepted it.", is_confirmed=True)
    latest = known.status
    is_ready = latest is not None and latest.neutral.learnt and latest.signals.has_face
    return Step("place", title, False, READY if is_ready else NOT_READY, may_confirm=is_ready)


def _beep(known: Known) -> Step:
    title = "Beep heard"
    if known.ticks.beep:
        return Step("beep", title, True, "You heard it.", is_confirmed=True)
    if known.status is None:
        return Step("beep", title, False, SILENT)
    alerts = known.status.alerts
    if not alerts.buzzer_ok and known.status.is_rehearsal:
        return Step("beep", title, True, f"Not needed: no driver sits before {known.status.camera.source}.")
    if not alerts.buzzer_ok:
        return Step("beep", title, False, f"No buzzer: {alerts.buzzer_message or 'none is available'}.")
    return Step("beep", title, False, "Test the buzzer and listen: three short beeps.", may_confirm=True)


def _led(known: Known) -> Step:
    title = "LED seen"
    alerting, status = known.settings.alerting, known.status
    if not alerting.visual_alerts_enabled:
        return Step("led", title, True, "Switched off, so there is nothing to see. The setting LED switches it on.")
    if known.ticks.led:
        return Step("led", title, True, "You saw it.", is_confirmed=True)
    if status is None:
        return Step("led", title, False, SILENT)
    if not status.alerts.led_ok:
        return Step("led", title, False, f"No LED: {status.alerts.led_message}.")
    words = "Look away for three seconds: it lights up."
    if alerting.signs_of_life:
        words = "It blinks every four seconds while nothing is wrong, and faster while you look away."
    return Step("led", title, False, words, may_confirm=True)


def _https(known: Known) -> Step:
    title, found = "Certificate compared", known.where.certificate
    if found is None and known.where.is_exposed:
        words = f"Everybody in this network can read along. Encrypt the page: `{known.fingerprint_command}`."
        return Step("https", title, False, words)
    if found is None:
        return Step("https", title, True, "Not needed: this page answers on this machine alone.")
    if not found.is_self_signed and found.is_trusted:
        return Step("https", title, True, "Not needed: browsers check your own certificate by themselves.")
    is_done = known.ticks.fingerprint == found.fingerprint
    return Step("https", title, is_done, _compare(found, known), is_confirmed=is_done, may_confirm=not is_done)


def _compare(found: Certificate, known: Known) -> str:
    where = f"`{known.fingerprint_command}` prints on the Pi" if found.is_self_signed else "your own file has"
    return (
        f"The browser shows the certificate's SHA-256 fingerprint beside the address. It must be the one that {where}: "
        f"`{found.fingerprint}`."
    )


def _password(known: Known) -> Step:
    title = "Password is your own"
    if known.password and known.ticks.password == known.password:
        return Step("password", title, True, "The password is your own, or you have kept it.", is_confirmed=True)
    words = "Choose your own under Account, or keep the one that was made in a safe place."
    return Step("password", title, False, words, may_confirm=True)
