"""What the detector and the page exchange through the run folder.

status         status.json, written once a second: what the detector sees, and whether it is silent (too old)
course         the looks of the last two minutes; event_signals: those around one event, as the journal keeps them
preview        the picture, while somebody watches
requests       what the page asks of the detector
failure        how the detector last failed
log_file       the newest log lines of detector and page
codec          dataclasses <-> JSON; a field that does not fit keeps its default
run_folder     what these files have in common
"""
