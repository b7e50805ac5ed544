"""What a frame shows. README.md says where the numbers come from.

sight            can anything be seen; turned: is the picture upright; thumbnail: made smaller for both and for seat
face             which face is the driver's: regions, mesh_input, face_graphs; graph alone imports mediapipe
measuring        Face -> Signals: head_pose, expression and blendshapes (lids, mouth), gaze, eye_visibility
measurements     Signals, as attention reads them
detected_only, seat      what is left where no mesh fits
landmarks, model_files   the mesh's points by number; the models and their hashes
"""
