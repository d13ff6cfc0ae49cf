#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests over generic netlink alone: no library, no ioctl, no C.

usage: guest.py list
       guest.py run NAME IMAGE      32-bit code, loaded and entered at 1 MiB with
                                    paging off; ends with the guest's exit status

hv.yaml is the specification; here is as much of it as these two need.
"""

import fcntl
import os
import socket
import struct
import sys
import time

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x01, 0x04, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED, NLA_TYPE_MASK = 0x8000, 0x3FFF
NLMSGERR_ATTR_MSG = 1
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
SOL_NETLINK, NETLINK_EXT_ACK = 270, 11

CMD_GET, CMD_NEW, CMD_DEL, CMD_START = 1, 2, 3, 4
A_ID, A_NAME, A_STATE, A_STOP_REASON, A_STOP_STATUS = 2, 3, 5, 6, 7
A_STOP_DETAIL, A_DEBUG_EXIT_PORT, A_REGION, A_SEGMENT, A_VCPU_STATE = 8, 13, 14, 15, 16
A_REGION_GPA, A_REGION_SIZE = 2, 3
A_SEGMENT_GPA, A_SEGMENT_FD, A_SEGMENT_LENGTH = 2, 3, 5
STATES = ["created", "running", "paused", "stopped"]
STOPPED, DEBUG_EXIT = 3, 3

MEMORY, LOAD, EXIT_PORT = 16 << 20, 1 << 20, 0xF4


class Refused(Exception):
    """The kernel said no: errno and a sentence."""


def attr(kind, data):
    """One attribute. Numbers are given as bytes: struct.pack() knows how wide."""
    head = struct.pack("=HH", 4 + len(data), kind)
    return head + data + bytes(-len(data) % 4)


def nest(kind, *attrs):
    return attr(kind | NLA_F_NESTED, b"".join(attrs))


def text(kind, value):
    return attr(kind, value.encode() + b"\0")


def u64(kind, value):
    return attr(kind, struct.pack("=Q", value))


def attrs_of(data):
    """{kind: bytes}; of several of a kind the last."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & NLA_TYPE_MASK] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def number(data):
    return int.from_bytes(data or b"", sys.byteorder)


def string(data):
    return (data or b"").rstrip(b"\0").decode()


def refusal(flags, payload):
    """The exception for an error message, or None for an ack."""
    error, length = struct.unpack_from("=iI", payload)
    if not error:
        return None
    skip = 4 + (16 if flags & 0x100 else length)
    sentence = string(attrs_of(payload[(skip + 3) & ~3:]).get(NLMSGERR_ATTR_MSG))
    return Refused(f"{os.strerror(-error)}{': ' if sentence else ''}{sentence}")


class Family:
    """A socket, and the number that hv's family has on it."""

    def __init__(self, name):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.seq, self.id = 0, GENL_ID_CTRL
        answer = self.call(CTRL_CMD_GETFAMILY, text(CTRL_ATTR_FAMILY_NAME, name))
        self.id = number(answer[0][CTRL_ATTR_FAMILY_ID])

    def call(self, cmd, *attrs, flags=NLM_F_ACK):
        """Send a request; the attributes of each message of the answer."""
        self.seq += 1
        body = struct.pack("=BBH", cmd, 1, 0) + b"".join(attrs)
        head = struct.pack("=IHHII", 16 + len(body), self.id, NLM_F_REQUEST | flags,
                           self.seq, 0)
        self.sock.send(head + body)
        return list(self.answer())

    def answer(self):
        while True:
            data = self.sock.recv(1 << 17)
            while data:
                length, kind, flags, _, _ = struct.unpack_from("=IHHII", data)
                payload, data = data[16:length], data[(length + 3) & ~3:]
                if kind == NLMSG_ERROR:
                    problem = refusal(flags, payload)
                    if problem:
                        raise problem
                    return
                if kind == NLMSG_DONE:
                    return
                yield attrs_of(payload[4:])


def sealed(data):
    """A memfd that nobody can change any more: what a boot manifest takes."""
    fd = os.memfd_create("image", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    fcntl.fcntl(fd, 1033, 1 | 2 | 4 | 8)    # F_ADD_SEALS: seal, shrink, grow, write
    return fd


def segment_register(selector, attributes, limit=0xFFFFFFFF):
    return struct.pack("=QIHH", 0, limit, selector, attributes)


def vcpu_state(rip):
    """struct hv_vcpu_state: protected mode, flat segments, paging off."""
    registers = [0] * 16 + [rip, 2, 0x11, 0, 0, 0, 0, 0]    # RFLAGS, CR0, CR2-4, CR8, EFER
    data = segment_register(16, 0xC93)
    segments = [data, segment_register(8, 0xC9B), data, data, data, data,
                segment_register(0, 0x82, 0xFFFF), segment_register(0, 0x8B, 0xFFFF)]
    tables = struct.pack("=QHxxxxxx", 0, 0) * 2
    return struct.pack("=24Q", *registers) + b"".join(segments) + tables


def list_guests(hv):
    for guest in hv.call(CMD_GET, flags=NLM_F_DUMP):
        print(number(guest[A_ID]), string(guest[A_NAME]), STATES[number(guest[A_STATE])])


def create(hv, name, image):
    fd = sealed(image)
    try:
        guest, = hv.call(
            CMD_NEW, text(A_NAME, name), attr(A_DEBUG_EXIT_PORT, struct.pack("=H", EXIT_PORT)),
            nest(A_REGION, u64(A_REGION_GPA, 0), u64(A_REGION_SIZE, MEMORY)),
            nest(A_SEGMENT, u64(A_SEGMENT_GPA, LOAD),
                 attr(A_SEGMENT_FD, struct.pack("=i", fd)), u64(A_SEGMENT_LENGTH, len(image))),
            attr(A_VCPU_STATE, vcpu_state(LOAD)))
    finally:
        os.close(fd)
    return u64(A_ID, number(guest[A_ID]))


def run(hv, name, path):
    """Create, start, wait for the end, remove; the guest's own exit status."""
    with open(path, "rb") as f:
        guest = create(hv, name, f.read())
    hv.call(CMD_START, guest)
    while True:
        now, = hv.call(CMD_GET, guest)
        if number(now[A_STATE]) == STOPPED:
            break
        time.sleep(0.05)
    hv.call(CMD_DEL, guest)
    if number(now[A_STOP_REASON]) != DEBUG_EXIT:
        print(f"{name}: {string(now.get(A_STOP_DETAIL))}", file=sys.stderr)
        return 125
    return number(now[A_STOP_STATUS]) >> 1 & 0xFF


def main(args):
    try:
        if args == ["list"]:
            list_guests(Family("hv"))
            return 0
        if len(args) == 3 and args[0] == "run":
            return run(Family("hv"), args[1], args[2])
    except (OSError, Refused) as problem:
        print(f"guest.py: {problem}", file=sys.stderr)
        return 125
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
