"""What a frame shows: the face, the head's pose, eyes, mouth, hands, and how well they can be seen (README.md)."""
