"""The fake camera: a rendered driver whose pose, eyes and mouth are known and whom the real face mesh accepts.

scene.py      what one picture shows: the truth
scenario.py   scenarios/*.yaml -> the scene at any time, and the events to expect
portrait.py   the portrait as a texture whose eyes close and look about
mesh.py       the surface it is wrapped around; collins.npz and .png are made by tests/tools/fit_portrait.py
hand.py       a hand with a phone
glasses.py    glasses, clear, dark or mirroring
mask.py       a surgical mask
infrared.py   the light of a night camera
record.py     a scenario as pictures or a video, with its truth
render.py     scene -> picture
__main__.py   the process that `fake:SCENARIO` starts, so that the renderer's memory is not the detector's

Within which angles the face mesh finds the rendered face stands in README.md beside this file,
measured by `make fake-driver-limits`. Portrait: NASA, Eileen M. Collins, public domain, as in scikit-image's data set.
"""
