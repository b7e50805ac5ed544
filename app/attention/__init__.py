"""Whether the driver attends, judged from measurements and times alone: no camera, no clock.

judgement       all rules in their order                                     Signals -> Verdict, Events
    looking_away    head or eyes off the road, long or again and again; lost_pose: while no pose can be measured
    eyes            microsleep, sleep, PERCLOS, eyes that cannot be seen
    yawns           counted
    presence        no face, covered camera, no camera
    escalation      how levels fall, when a sound is due, which state is shown, which events are kept
driver          what is learnt of the person: neutral_pose, asked_direction, usual_gaze, usual_face, whose_face
policy          the numbers of the rules with their sources, in three presets
motion_rules    which rules apply while parked, slow or on a motorway: at low speed a look away may last 6 s, not 3.5
rules, timers   how events begin, rise and end; how long something has lasted, judged from samples
learning        median, percentile and slow drift, as the learners of driver share them
sample          one look at the driver, as the rules share it
single_picture  what one picture shows by itself
"""
