#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes folders laid out like /sys, /proc and /boot of a machine, from a dump and a SPEC.

usage: sysfs.py DUMP DIR <SPEC

SPEC has a line for each function with facts beyond its bytes, and lines for files:
    ADDRESS [driver=NAME] [group=NUMBER:TYPE] [numa=NODE] [vpd=NAME,KEYWORD:TEXT…]
            [SUBSYSTEM=NAME]…                                    infiniband=mlx5_0 net=ib0 drm=card0
    FILE TEXT                                                    proc/version Linux version 7.3.4 (x)
"""
import os
import pathlib
import re
import sys

from make import parse_dump


def parents(functions):
    """{address: address of the bridge above, or None}"""
    behind = {}
    for address, (_, config) in functions.items():
        if config[0x0e] & 0x7f == 1 and config[0x19]:
            behind[f'{config[0x19]:02x}'] = address
    return {address: behind.get(address.split(':')[0]) for address in functions}


def folder_of(address, above):
    path = []
    while address:
        path.insert(0, f'0000:{address}')
        top, address = address, above[address]
    return pathlib.Path('sys/devices', f'pci0000:{top.split(":")[0]}', *path)


def link(at, target):
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(os.path.relpath(target, at.parent))


def make_vpd(text):
    """Vital Product Data: "ConnectX-8,SN:MT2501X,V3:0123"."""
    name, *keywords = text.split(',')
    data = b''
    for keyword in keywords:
        value = keyword[3:].encode()
        data += keyword[:2].encode() + bytes([len(value)]) + value
    return b''.join(bytes([tag]) + len(item).to_bytes(2, 'little') + item
                    for tag, item in ((0x82, name.encode()), (0x90, data))) + b'\x78'


def add_fact(root, folder, key, value):
    if key == 'driver':
        link(folder / 'driver', root / 'sys/bus/pci/drivers' / value)
    elif key == 'group':
        number, kind = value.split(':')
        group = root / 'sys/kernel/iommu_groups' / number
        group.mkdir(parents=True, exist_ok=True)
        (group / 'type').write_text(kind + '\n')
        link(folder / 'iommu_group', group)
    elif key == 'numa':
        (folder / 'numa_node').write_text(value + '\n')
    elif key == 'vpd':
        (folder / 'vpd').write_bytes(make_vpd(value))
    else:
        (folder / key / value).mkdir(parents=True)


def main(dump, root):
    functions = parse_dump(pathlib.Path(dump).read_text())
    above = parents(functions)
    for address, (_, config) in functions.items():
        folder = root / folder_of(address, above)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'config').write_bytes(config)
        link(root / 'sys/bus/pci/devices' / f'0000:{address}', folder)
    for line in sys.stdin.read().splitlines():
        words = line.split()
        if words and re.fullmatch(r'[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]', words[0]):
            for fact in words[1:]:
                add_fact(root, root / folder_of(words[0], above), *fact.split('=', 1))
        elif words:
            name, text = line.split(' ', 1)
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text.replace('\\n', '\n') + '\n')


if __name__ == '__main__':
    main(sys.argv[1], pathlib.Path(sys.argv[2]).absolute())
