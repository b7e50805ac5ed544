"""The page, as its users call it: a web application that shows what the detector sees and costs, and changes settings.

request -> server/ -> auth/guard.py -> a route of a room's *_page.py, or of api.py -> a template, or JSON

gunicorn.conf.py  gunicorn's settings; `python -m app.service.page` starts it
worker.py         the process that serves: how it begins, with little memory, and its end when nobody asks
server/           serving (gunicorn's worker), connection (one client), framing (where a request ends), log_limit
headers.py        the headers of every answer; addresses.py: IP addresses, compared and counted
application.py    `create_app` puts all together, and explains errors
newest.py         what the detector wrote last, read once for each request; words.py: figures as people read them
parts.py          what all routes work with: folders, settings, sessions, the detector's restart
auth/             guard (who may ask for what), login, account, roles, viewer (the viewer's password), sessions,
                  cookies, tokens, throttle, returning (where to go on after signing in)
home/, aim/, trips/, health/ (with memory), first_run/: a room for each page; banner/: what needs attention, on each
settings/         settings_page, text_page, history_page (routes); forms (what was typed), fields (what is drawn),
                  costs, effects (on memory and alerts), draft (what would be saved), drafts (where it is kept),
                  answers (pages)
restart/          course (what comes next, pure), restarter (does it), restart_page (routes)
api.py            the same for programs, described in openapi.json
mirror.py         what outlives a restart of the worker, in the run folder
templates/, static/  a route's HTML; live.js keeps it current; byte_code.py keeps the templates compiled
"""
