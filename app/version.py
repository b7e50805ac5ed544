"""The one place that names the version; the snap and the page read it here."""

VERSION = "0.2.0"
