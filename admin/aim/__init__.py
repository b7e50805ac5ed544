"""Aiming the camera: hints in words (aiming), marks over the picture (aim_drawing), both pure; routes (aim_page)."""
