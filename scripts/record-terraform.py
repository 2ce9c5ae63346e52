#!/usr/bin/env python3
"""Records what Terraform answers to the cases of tests/terraform/*.jsonl.

Each line of these files is one case: an expression, and of its value the JSON and the type as
`terraform console` prints them, or that Terraform refuses it. This script asks Terraform anew and
writes the answers back; a new case is a line `{"expression": "..."}`. The tests read only the files,
so Terraform is needed here and nowhere else.

    scripts/record-terraform.py                    # all files
    scripts/record-terraform.py functions.jsonl    # one
"""

import ast
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "terraform"
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/home/somebody",
    "CHECKPOINT_DISABLE": "1",
    "TF_CLI_CONFIG_FILE": os.devnull,
}
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def ask(question, configuration=None):
    """What `terraform console` prints, or its refusal."""
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory) / "root"
        shutil.copytree(HERE / "root", root)
        if configuration is not None:
            (root / "main.tf").write_text(configuration)
        ran = subprocess.run(
            ["terraform", "console"],
            input=question + "\n",
            capture_output=True,
            text=True,
            cwd=root,
            env=ENVIRONMENT,
            check=False,
        )
    error = " ".join(ESCAPE.sub("", ran.stderr).replace("│", " ").split())
    if ran.returncode != 0 or "Error:" in error:
        return None, error.strip("╷╵ ")
    return ran.stdout.rstrip("\n"), None


def text_of(printed):
    """The text of a quoted string as the console prints it."""
    return ast.literal_eval(printed)


def record(case):
    expression = case["expression"]
    configuration = None
    if "\n" in expression:
        configuration = f"locals {{\n  it = {expression}\n}}\n"
        expression = "local.it"
    case = {"expression": case["expression"]}
    printed, error = ask(f"jsonencode({expression})", configuration)
    if error is None and "(known after apply)" in printed:
        case["unknown"] = True
    elif error is None and "(sensitive value)" in printed:
        case["sensitive"] = True
        printed, error = ask(f"nonsensitive(jsonencode({expression}))", configuration)
        case["json"] = text_of(printed)
    elif error is None:
        case["json"] = text_of(printed)
    if error is None:
        printed, error = ask(f"type({expression})", configuration)
        if error is None:
            case["type"] = " ".join(printed.split())
            return case
    return {"expression": case["expression"], "refused": error}


def main():
    names = sys.argv[1:] or sorted(path.name for path in HERE.glob("*.jsonl"))
    for name in names:
        path = HERE / name
        lines = [line for line in path.read_text().splitlines() if line.strip()]
        cases = [json.loads(line) for line in lines]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            recorded = list(pool.map(record, cases))
        with path.open("w") as out:
            for case in recorded:
                out.write(json.dumps(case, ensure_ascii=False) + "\n")
        refused = sum("refused" in case for case in recorded)
        print(f"{name}: {len(recorded)} cases, {refused} of them refused")


if __name__ == "__main__":
    main()
