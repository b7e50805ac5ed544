"""The settings: form, file, difference, earlier versions."""
