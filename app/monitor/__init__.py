"""The running detector.

opening            opens every part with the settings in force
detector           the loop: camera -> judge (in spite of errors) -> driver_feedback, recorder, report
driver_feedback    alerts, the mute, the button, the lamp
recorder           events and trips: trip_meter, trip_timeline, signal_cuts; stamped by wall_clock
report             status.json: preview_picture, aim, problem (what is wrong, in one line)
memory_saver       does what memory/governor.py decides; page_requests: what the page asks for
saving             a thread that writes beside the loop; saved_journal: the journal in it
watchdog           ends a loop that hangs, crash_report says how; stuck_parts: a camera or pin that hangs
single_instance, errors   one detector at a time; why it ends
"""
