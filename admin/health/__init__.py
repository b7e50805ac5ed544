"""Health: what machine, detector and page are like, what is wrong with them, and their newest log lines.

sensors, machine           what this machine tells
now                        the facts, read once for each request
problems                   all that is wrong, as one list (pure)
rows                       what the page says of each part (pure)
health_page                the routes
memory_use, memory_chart   the memory of all processes as one table and one line, and its course (pure)
memory_page                their routes
"""
