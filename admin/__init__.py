"""The page, as its users call it: a web application that shows what the detector sees and costs, and changes settings.

request -> server/ -> auth/guard.py -> a route of pages/, settings/, restart/, auth/ or api.py -> a template, or JSON

gunicorn.conf.py  gunicorn's settings; `python -m app.service.page` starts it
worker.py         the process that serves: how it begins, with little memory, and its end when nobody asks
server/           serving (gunicorn's worker), connection (one client), framing (where a request ends), log_limit
headers.py        the headers of every answer
application.py    `create_app` puts all together, and explains errors
verdict.py        the bar on Home: words and tone, and for how long they count as the present
directions.py     where head and road are, as a diagram
aiming.py         hints for aiming the camera, in words (pure); aim_drawing.py draws marks over its picture
strips.py         the last minutes, or those around an event, as lines to draw
parts.py          what all routes work with: folders, settings, sessions, the detector's restart
auth/             guard (who may ask for what), login, account, roles, viewer (the viewer's password), sessions,
                  cookies, tokens, throttle, returning (where to go on after signing in)
pages/            home, aim, actions (what the detector is asked), memory, banner_part (of every page), trips, events,
                  trip_view and event_view (what they draw, pure), recorded (what both share)
banner.py         what needs attention, as lines (pure)
health/           problems (all that is wrong, as one list, pure), now (what they are read from), sensors, machine,
                  rows (what the page says of each part, pure), health_page
memory_use.py     memory of all processes as one table and one line; memory_chart.py draws its course
settings/         settings_page, text_page, history_page (routes); forms (what was typed), fields (what is drawn),
                  costs, effects (on memory and alerts), draft (what would be saved), drafts (where it is kept),
                  answers (pages)
restart/          course (what comes next, pure), restarter (does it), restart_page (routes)
api.py            the same for programs, described in openapi.json
mirror.py         what outlives a restart of the worker, in the run folder
byte_code.py      compiled templates, kept beside them
templates/, static/  a route's HTML; live.js keeps it current
"""
