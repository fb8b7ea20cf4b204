# SPDX-License-Identifier: Apache-2.0
"""Compares a received element with a pattern written as XML.

A pattern is a subset: what it names has to be there, what it leaves out may be anything.
    attribute='*' or '{any}'   has to be there, with any value
    attribute='{none}'         must not be there
    attribute='{word}'         remembers the value at first sight, has to be equal from then on
    text '...'                 anything; text '{any}' some text; text '{word}' remembered likewise
    text '{only}'              no child elements besides those named
    text '{in_order}'          the same, and they come in this order
"""
import re
import xml.etree.ElementTree as ET

CLIENT = "jabber:client"
STREAM = "http://etherx.jabber.org/streams"
_VARIABLE = re.compile(r"\{([a-z_]+)\}")


def parse(text):
    """One element in the content namespace of a client stream."""
    many = parse_all(text)
    assert len(many) == 1, f"one element expected in {text!r}"
    return many[0]


def parse_all(text):
    return list(ET.fromstring(f"<stream:wrap xmlns='{CLIENT}' xmlns:stream='{STREAM}'>{text}</stream:wrap>"))


def fill(text, bound):
    """Puts remembered values into a text that is about to be sent or compared."""
    return _VARIABLE.sub(lambda found: bound.get(found.group(1), found.group(0)), text)


def mismatch(pattern, actual, bound):
    """None when the element fits (then `bound` holds what was remembered), else the reason why not."""
    trial = dict(bound)
    reason = _element(pattern, actual, trial)
    if reason is None:
        bound.update(trial)
    return reason


def fits(pattern, actual):
    return mismatch(parse(pattern) if isinstance(pattern, str) else pattern, actual, {}) is None


def show(element):
    """An element as one line for messages of failed tests."""
    if not isinstance(element, ET.Element):
        return repr(element)
    text = ET.tostring(element, encoding="unicode")
    return text if len(text) < 2000 else text[:2000] + " [cut]"


def _element(pattern, actual, bound):
    if pattern.tag != actual.tag:
        return f"element {actual.tag}, expected {pattern.tag}"
    for name, wanted in pattern.attrib.items():
        reason = _value(wanted, actual.get(name), bound)
        if reason:
            return f"{pattern.tag} {name}: {reason}"
    text = (pattern.text or "").replace("...", "").strip()
    if "{only}" in text:
        text = text.replace("{only}", "").strip()
        if len(pattern) != len(actual):
            return f"{pattern.tag} has {len(actual)} children, expected {len(pattern)}"
    in_order = "{in_order}" in text
    if in_order:
        text = text.replace("{in_order}", "").strip()
    if text:
        reason = _value(text, (actual.text or "").strip() or None, bound)
        if reason:
            return f"{pattern.tag} text: {reason}"
    children = _children_in_order if in_order else _children
    return children(list(pattern), list(actual), pattern.tag, bound)


def _children_in_order(wanted, present, parent, bound):
    if len(wanted) != len(present):
        return f"{parent} has {len(present)} children, expected {len(wanted)}"
    return next(filter(None, (_element(each, child, bound) for each, child in zip(wanted, present))), None)


def _children(wanted, present, parent, bound):
    if not wanted:
        return None
    reason = f"{parent} lacks child {wanted[0].tag}"
    for index, child in enumerate(present):
        trial = dict(bound)
        why = _element(wanted[0], child, trial)
        if why is None:
            why = _children(wanted[1:], present[:index] + present[index + 1:], parent, trial)
        if why is None:
            bound.update(trial)
            return None
        if child.tag == wanted[0].tag:
            reason = why
    return reason


def _value(wanted, actual, bound):
    if wanted == "{none}":
        return None if actual is None else f"is {actual!r}, must be absent"
    if actual is None:
        return f"absent, expected {wanted!r}"
    if wanted in ("*", "{any}"):
        return None
    variable = _VARIABLE.fullmatch(wanted)
    if variable and variable.group(1) not in bound:
        bound[variable.group(1)] = actual
        return None
    wanted = fill(wanted, bound)
    return None if wanted == actual else f"is {actual!r}, expected {wanted!r}"
