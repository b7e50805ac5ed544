"""Where frames come from: cameras, videos, folders of pictures, the fake driver.

sources, device, pictures -> capture (one source, reopened after losses) -> camera_thread (newest frames) -> Frame

device    a camera's pictures: v4l2 finds it, v4l2_stream reads it, controls sets focus; kinds: what a path is
jpegs, pixel_formats, depth   bytes -> pictures of 8 bits; kept_tail: with these, refuses one that came in part
mounting  camera.rotate, camera.mirror, the size; frame: a picture and its moment

Six words say what is wrong with a camera, and each means one thing:

    lost     no source is open and it is looked for again: unplugged, refused, ended (CameraHealth.state, capture.py)
    hung     a call into the driver does not return, so its thread is left behind (CameraHealth.state, camera_thread.py)
    frozen   one picture equals the one before it (Sight.FROZEN, vision/sight.py)
    stuck    the pictures stay frozen, so the source is reopened (Capture.stuck, set for monitor/stuck_parts.py)
    blocked  pictures come but no driver can be judged: dark, covered, noise, frozen, upside down, on its side
             (State.CAMERA_BLOCKED, attention/)
    blind    nothing is known of the driver: there is no camera or it is blocked (BLIND, attention/)
"""
