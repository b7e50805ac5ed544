"""What a frame shows. README.md says where the numbers come from.

sight, turned            can anything be seen; is the picture upright; thumbnail: made smaller for both and for seat
face                     which face is the driver's: regions, mesh_input, face_graphs, graph (MediaPipe), model_files
measuring                -> measurements.Signals: head_pose, expression, blendshapes, gaze, eye_visibility, landmarks
detected_only, seat      what is left where no mesh fits
"""
