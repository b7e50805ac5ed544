"""The first run: a checklist that ticks itself, on Home until it is done or put away, and as a whole page at /setup.

ticks (what a person has confirmed, in a file) + status and settings -> checklist (steps, pure) -> setup_page (routes)
wiring        the Pi's header with the pins of the settings, to draw (pure)
"""
