"""The settings: form, file as text, review, earlier versions."""
