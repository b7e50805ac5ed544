"""Opens every part of the detector with the settings in force."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, closing
from functools import partial
from math import inf

import cv2

from app.alerts.alert import Alert, open_alert
from app.camera.camera_thread import CameraThread
from app.gpio.button import open_button
from app.journal.journal import delete_if_asked
from app.memory.allocator import keep_freed_blocks
from app.memory.governor import shortage
from app.memory.rates import is_fast
from app.memory.usage import system
from app.monitor.detector import Detector, Hooks, Parts, Timing
from app.monitor.driver_feedback import DriverFeedback
from app.monitor.errors import DetectorError
from app.monitor.memory_saver import MemorySaver, smaller
from app.monitor.report import Report
from app.monitor.saved_journal import SavedJournal
from app.monitor.saving import SavingThread
from app.monitor.wall_clock import KernelClock
from app.observer import Observer
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Configuration
from app.vehicle.opening import open_vehicle
from app.vision.model_files import FaceMeshError
from config.paths import Paths
from config.settings import Settings

log = logging.getLogger(__name__)


def open_detector(
    parts: ExitStack,
    settings: Settings,
    configuration: Configuration,
    paths: Paths,
    card: SavingThread,
    run: SavingThread,
    hooks: Hooks,
) -> Detector:
    """A detector whose parts are closed with `parts`: the buzzer first, which would sound on otherwise.

    card and run save what goes to the data folders and to the run folder. Raises: DetectorError.
    """
    cv2.setNumThreads(1)
    began_s, memory, camera = time.monotonic(), settings.memory, settings.camera
    journal = _journal(settings, paths, card)
    if journal is not None:
        parts.enter_context(closing(journal))
    quality = settings.raspberry_pi.compression_quality
    report = parts.enter_context(
        closing(Report(paths, configuration, memory.budget_mb, quality, began_s, save=run.save))
    )
    opened_camera = parts.enter_context(CameraThread(camera))  # opens in its own thread while the face mesh loads
    short = short_at_start(settings)
    watch = parts.enter_context(_open_watch(settings, is_small=bool(short)))
    alert = parts.enter_context(open_alert(settings))
    feedback = _open_feedback(parts, settings, alert)
    vehicle = open_vehicle(settings)
    if vehicle is not None:
        parts.enter_context(vehicle)
    saver = MemorySaver(settings, watch, began_s, short) if memory.governor else None
    timing = Timing(
        camera.frame_skip / camera.target_fps, camera.frame_timeout, is_synchronised=KernelClock().is_synchronised
    )
    return Detector(Parts(opened_camera, watch, alert, feedback, report, journal, saver, vehicle), timing, hooks)


def _journal(settings: Settings, paths: Paths, card: SavingThread) -> SavedJournal | None:
    """None where no events are kept; what was kept before can be deleted all the same, at each start."""
    if settings.analysis.event_history:
        return SavedJournal(paths.events, boot_id(), card)
    card.save("deleting events", partial(delete_if_asked, paths.events, boot_id()))
    return None


def short_at_start(settings: Settings) -> str:
    """What of the machine's memory is short already, in words; "" while nothing is, or the governor is off."""
    short = shortage(0.0, inf, system()) if settings.memory.governor else ""
    if short:
        log.warning("memory is short at the start (%s): the detector begins with the smallest model", short)
    return short


def _open_watch(settings: Settings, *, is_small: bool) -> Observer:
    """is_small: with the model that saving takes, as what is short now would not bear the larger one."""
    vision = smaller(settings.vision) if is_small else settings.vision
    fast = is_fast(settings.camera) and not is_small
    if fast:
        keep_freed_blocks()
    try:
        return Observer(vision, settings.analysis, settings.alerting.repeat_s, fast)
    except FaceMeshError as error:
        raise DetectorError(str(error)) from error


def _open_feedback(parts: ExitStack, settings: Settings, alert: Alert) -> DriverFeedback:
    pi = settings.raspberry_pi
    button = parts.enter_context(open_button(pi.button_pin, pi.gpio_chip)) if pi.button_pin else None
    return DriverFeedback(alert, button, signs_of_life=settings.alerting.signs_of_life, has_lamp=bool(pi.lamp_pin))
