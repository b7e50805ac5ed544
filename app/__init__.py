"""The daemon, in rooms along the way of a frame.

    camera/      pictures from a device, a video, a folder or the fake driver   -> Frame
    vision/      what a frame shows: face, head pose, eyes, mouth, hands         -> Signals
    attention/   whether the driver attends, by rules that count seconds         -> Verdict, Events
    observer     the three in their order, for live pictures and recordings      Frame -> Observation
    vehicle/     a GPS receiver, OBD-II or an ignition line: how fast it goes     -> Motion
    monitor/     the running detector: its loop, report, memory saver, watchdog
    alerts/      buzzer and LED
    gpio/        lines of the Raspberry Pi's header
    journal/     events.sqlite: events and trips
    telemetry/   status.json, preview and requests, between the detector and the page
    memory/      what the process uses, what the machine has left, when to save
    recordings/  `analyze`: the same observer on videos and pictures
    service/     what runs beside the detector: supervisor, the page's process, snapd's health
    commands/    the command line
    fake_driver/ a camera of rendered pictures with known truth
    events       the words that all rooms share: states, levels, events, cues
    part_status  how each part is, as it reports to the loop, the page and `check`
    figures      what counts as a number in a file that a bad card may have changed
    held_for     for how long a condition has held
    native_words what native libraries print on stderr, read or dropped
    version      the version, named once

Words: *blink* how far both lids are shut, 0 to 1 · *EAR* eye aspect ratio · *MAR* mouth aspect ratio · *PERCLOS* share
of time with the eyes closed · *head pose* yaw, pitch, roll in degrees from the driver's seat: + yaw is the driver's
right, + pitch is up, + roll leans to the right shoulder · *neutral pose* where this driver looks when looking at the
road · *glance* one uninterrupted stretch away from the road · *event* one distraction from onset to end · *level* none,
caution, warning, alarm · *sight* what the camera lets see · *scenario* a scripted fake driver with known truth.
"""
