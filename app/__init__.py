"""The daemon, in the order of the data.

    camera ── Frame ──▶ watch ─────────────────────────────────────────────▶ detector
    sources, v4l2,       │ sight      Frame   → can anything be seen?          │
    pictures             │ face       Frame   → Face | None (MediaPipe)        ├─▶ alert, pins    buzzer and LED
                         │   regions, blendshapes, graph, model_files          │
                         │ signals    Face    → Signals (pose, eyes, mouth)    ├─▶ journal        events.sqlite
                         │ eye_visibility  Frame, Face → are the eyes hidden?  │
                         │ seat       Frame   → does the driver sit there yet? │
    fake_driver/         └ attention  Signals → Verdict, Events                ├─▶ report, status status.json, preview
    (a camera of           driver, rules, timers, verdict                      └─▶ console        lines for a person
    rendered pictures)

    analyze, recordings, plot   the same watch on recordings
    doctor                      `check`: what is wrong, and what helps
    memory, cgroup              what the process costs, and what the machine leaves it
    governor, savings           memory runs short: down the ladder of savings, and up again
    lifeline, failure           one at a time, ended when it hangs, and how it last failed
    overview                    `status`: how it does, on one screen
    health                      what snapd shows of it
    owner                       the console commands of the owner: password, HTTPS, factory reset
    appliance                   `make run`: detector and page together, started again when they end
    page                        the page's gunicorn, with less in memory
    __main__                    the command line

Words: *blink* how far both lids are shut, 0 to 1 · *EAR* eye aspect ratio · *MAR* mouth aspect ratio · *PERCLOS* share
of time with the eyes closed · *head pose* yaw, pitch, roll in degrees from the driver's seat: + yaw is the driver's
right, + pitch is up, + roll leans to the right shoulder · *neutral pose* where this driver looks when looking at the
road · *glance* one uninterrupted stretch away from the road · *event* one distraction from onset to end · *level* none,
caution, warning, alarm · *sight* what the camera lets see · *scenario* a scripted fake driver with known truth.
"""
