# SPDX-License-Identifier: Apache-2.0
"""Changes single keys of a TOML file as text, so that everything else stays as it was written."""
import re


def set_key(text, section, key, value):
    """`section` is a header as written, "[c2s]" or "[[host]]"; it is added at the end if it is not there."""
    lines = text.splitlines()
    if section not in lines:
        return f"{text.rstrip()}\n\n{section}\n{key} = {value}\n"
    start = lines.index(section) + 1
    end = next((i for i in range(start, len(lines)) if lines[i].startswith("[")), len(lines))
    kept = [line for line in lines[start:end] if not re.match(rf"{re.escape(key)}\s*=", line)]
    return "\n".join(lines[:start] + [f"{key} = {value}"] + kept + lines[end:]) + "\n"
