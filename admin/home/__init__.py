"""The first view: what the detector sees now.

verdict     the bar: words and tone, and for how long they count as the present (pure)
directions  where head and road are, as a diagram (pure)
strips      the last minutes, or those around an event, as lines to draw (pure)
actions     what the detector can be asked, and what it answers
home_page   the routes
"""
