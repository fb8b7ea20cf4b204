# SPDX-License-Identifier: Apache-2.0
"""What was sent, acknowledged, delivered and archived, kept outside of the server; and the verdict."""
import dataclasses

ACKNOWLEDGED, DELIVERED, IN_SENDERS_ARCHIVE, IN_READERS_ARCHIVE, REFUSED = 1, 2, 4, 8, 16
WORDS = {DELIVERED: "delivered", IN_SENDERS_ARCHIVE: "in the sender's archive", IN_READERS_ARCHIVE: "in the reader's"}


@dataclasses.dataclass
class Verdict:
    cycles: int
    acknowledged: int
    lost: int
    doubled: int
    out_of_order: int

    def __str__(self):
        return (f"{self.cycles} cycles, {self.acknowledged} acknowledged, {self.lost} lost, "
                f"{self.doubled} doubled, {self.out_of_order} out of order")

    @property
    def is_clean(self):
        return self.acknowledged > 0 and self.lost == self.doubled == self.out_of_order == 0


class Lane:
    """From one person to another: messages numbered from 0, one byte of memory for each."""

    def __init__(self):
        self._notes = bytearray()
        self._last = {}
        self._settled = 0
        self.next_number = 0
        self.doubles = []  # (number, what it was a second time)
        self.out_of_order = 0
        self.again = 0  # came once more, as it may when a session was lost with its acknowledgements

    def _note(self, number, what):
        """Whether it was noted before."""
        if number >= len(self._notes):
            self._notes.extend(bytes(number + 1 - len(self._notes)))
        known = self._notes[number] & what
        self._notes[number] |= what
        return bool(known)

    def acknowledge(self, number):
        self._note(number, ACKNOWLEDGED)

    def refuse(self, number):
        self._note(number, REFUSED)

    def deliver(self, number, may_be_again=False):
        if may_be_again and self._has(number, DELIVERED):
            self.again += 1
        else:
            self._take(number, DELIVERED)

    def archive(self, number, is_sender):
        self._take(number, IN_SENDERS_ARCHIVE if is_sender else IN_READERS_ARCHIVE)

    def _take(self, number, what):
        if self._note(number, what):
            self.doubles.append((number, WORDS[what]))
            return
        self.out_of_order += number < self._last.get(what, -1)
        self._last[what] = number

    def _has(self, number, what):
        return number < len(self._notes) and bool(self._notes[number] & what)

    def missing(self, what):
        """Numbers that were acknowledged and are not `what`."""
        return [number for number, note in enumerate(self._notes)
                if note & (ACKNOWLEDGED | REFUSED | what) == ACKNOWLEDGED]

    def is_complete(self):
        """Everything acknowledged was delivered, as far as it is waited for."""
        notes = self._notes
        while self._settled < len(notes) and notes[self._settled] & (DELIVERED | REFUSED):
            self._settled += 1
        return not any(note & (ACKNOWLEDGED | REFUSED | DELIVERED) == ACKNOWLEDGED for note in notes[self._settled:])

    def write_off(self):
        """What is missing now is not waited for again."""
        self._settled = len(self._notes)

    def count(self, what):
        return sum(1 for note in self._notes if note & what and not note & REFUSED)


class Ledger:
    """Lanes by name, and fields: a field is overwritten with growing numbers and must not fall behind."""

    def __init__(self):
        self.lanes = {}
        self._acknowledged_fields = {}
        self._found_fields = {}
        self._overwrites = 0

    def lane(self, name):
        return self.lanes.setdefault(name, Lane())

    def acknowledge_field(self, field, number):
        self._overwrites += 1
        self._acknowledged_fields[field] = max(number, self._acknowledged_fields.get(field, -1))

    def find_field(self, field, number):
        self._found_fields[field] = number

    def lost_fields(self):
        return sum(self._found_fields.get(field, -1) < number
                   for field, number in self._acknowledged_fields.items())

    def judge(self, cycles, *needed):
        """What is acknowledged has to be each of `needed`: delivered, or in an archive."""
        lanes = self.lanes.values()
        lost = {number_in_lane for what in needed or (DELIVERED,) for number_in_lane in self._missing(what)}
        return Verdict(cycles, self._overwrites + sum(lane.count(ACKNOWLEDGED) for lane in lanes),
                       len(lost) + self.lost_fields(), sum(len(lane.doubles) for lane in lanes),
                       sum(lane.out_of_order for lane in lanes))

    def judge_leniently(self, cycles):
        """Lost is only what the reader has nowhere."""
        verdict = self.judge(cycles)
        nowhere = DELIVERED | IN_READERS_ARCHIVE
        verdict.lost = sum(len(lane.missing(nowhere)) for lane in self.lanes.values()) + self.lost_fields()
        return verdict

    def _missing(self, what):
        return ((name, number) for name, lane in self.lanes.items() for number in lane.missing(what))
