"""What tests of several rooms need: trips told in a line, videos, a snapd."""
