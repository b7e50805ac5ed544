"""What the detector and the page exchange through the run folder.

status, failure   what the detector says once a second, and whether it answers (`answering`); how it last failed
course            the looks of the last two minutes; event_signals: those around one event, as the journal keeps them
preview, requests the picture, while somebody watches; what the page asks for
log_file          the newest log lines; run_folder, codec: what the files have in common, and JSON
"""
