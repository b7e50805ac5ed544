"""Who may use the page. guard asks before every request.

login, account, viewer        signing in, the owner's password and tokens, the viewer's password (routes)
roles, sessions, cookies      owner and viewer; who is signed in
tokens                        for programs
throttle, client              a delay after wrong passwords, by the address of who asks
hosts, proxy                  names by which the page may be opened; behind a reverse proxy
returning                     where to go on after signing in
"""
