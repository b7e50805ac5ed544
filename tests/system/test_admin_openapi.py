"""The API of a real gunicorn answers as its OpenAPI description says, never with 5xx."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.appliance import Appliance

EXAMPLES = 60  # for each operation, besides those at the edges of what the description allows
# Changes that the description allows may break a rule between two settings, or be of another version of the file; and
# to think out the edges of 65 settings takes schemathesis 80 s (tried by hand: none of 907 answers was undescribed)
EXCEPTION = """
[[operations]]
include-operation-id = "changeSettings"
[operations.checks.positive_data_acceptance]
enabled = false
[operations.phases.coverage]
enabled = false
"""


def test_api_answers_as_its_description_says(appliance: Appliance, tmp_path: Path) -> None:
    page = appliance.signed_in().post("/account/tokens", label="test", scope="control")
    token = re.search(r"dw_[^<\s]+", page.text)
    assert token
    exception = tmp_path / "schemathesis.toml"
    exception.write_text(EXCEPTION)
    described = f"http://127.0.0.1:{appliance.port}/api/v1/openapi.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(exception), "run", described]
    options = ["--header", f"Authorization: Bearer {token[0]}", "--max-examples", str(EXAMPLES), "--seed", "1"]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Tested: 9\b", done.stdout), done.stdout
