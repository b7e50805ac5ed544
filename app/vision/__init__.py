"""What a frame shows: the face, the head's pose, eyes, mouth, hands, and how well all is seen."""
