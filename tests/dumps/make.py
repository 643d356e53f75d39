#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the dumps: the recorded ones, and those that tests/dumps/recipes derives from them.

usage: make.py DIR    writes DIR/NAME.dump as lspci -xxxx prints it, the forms of pastes.py as
                      DIR/pastes/GROUP-NAME.txt, and DIR/pci.ids
"""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import pastes

HERE = pathlib.Path(__file__).parent
# name: (capability, extended capability, offset in it, bytes)
REGISTERS = {
    'vendor': (0, 0, 0x00, 2), 'device': (0, 0, 0x02, 2), 'status': (0, 0, 0x06, 2),
    'primary': (0, 0, 0x18, 1), 'secondary': (0, 0, 0x19, 1), 'subordinate': (0, 0, 0x1a, 1),
    'capptr': (0, 0, 0x34, 1),
    'expcap': (0x10, 0, 0x02, 2), 'devcap2': (0x10, 0, 0x24, 4), 'devctl2': (0x10, 0, 0x28, 2),
    'lnksta2': (0x10, 0, 0x32, 2),
    'acscap': (0, 0x0d, 0x04, 2), 'acsctl': (0, 0x0d, 0x06, 2),
    'tphcap': (0, 0x17, 0x04, 4), 'tphctl': (0, 0x17, 0x08, 4), 'st': (0, 0x17, 0x0c, 2),
}
WIDTHS = {'b': 1, 'w': 2, 'l': 4}
# The same names on every machine, whatever its pci.ids
PCI_IDS = """\
104c  Texas Instruments
\t8232  XIO3130 PCI Express Switch (Upstream)
15b3  Mellanox Technologies
\t1023  CX8 Family [ConnectX-8]
1b36  Red Hat, Inc.
\t000c  QEMU PCIe Root port
8086  Intel Corporation
"""


def parse_dump(text):
    """{address: [title, bytes]}; a row that is left out between two others is zeros."""
    functions = {}
    for line in text.splitlines():
        row = re.fullmatch(r'([0-9a-f]{2,3}): ((?:[0-9a-f]{2} ?){16})', line)
        if row:
            config.extend(bytes(int(row[1], 16) - len(config)) + bytes.fromhex(row[2]))
        elif line:
            address, title = line.split(' ', 1)
            config = bytearray()
            functions[address] = [title, config]
    return functions


def format_dump(functions):
    lines = []
    for address, (title, config) in sorted(functions.items()):
        rows = [f'{at:02x}: {config[at:at + 16].hex(" ")}' for at in range(0, len(config), 16)]
        lines += [f'{address} {title}', *rows, '']
    return '\n'.join(lines) + '\n'


def get(config, at, size):
    return int.from_bytes(config[at:at + size], 'little')


def find(config, capability, extended):
    """The offset of a capability, 0 for the header."""
    at = config[0x34] if capability else 0x100 if extended else 0
    while capability and config[at] != capability:
        at = config[at + 1]
    while extended and get(config, at, 2) != extended:
        at = get(config, at + 2, 2) >> 4
    return at


def edit(config, text):
    """REGISTER=VALUE, REGISTER[BIT]=, REGISTER[HIGH:LOW]=, FIRST-LAST=BYTE; all but bits in hex.

    REGISTER is a name of the table above, or OFFSET.b, .w, .l as for setpci.
    st=FIRST-LAST writes consecutive tags into the ST table.
    """
    name, value = text.split('=')
    if area := re.fullmatch(r'([0-9a-f]+)-([0-9a-f]+)', name):
        first, last = int(area[1], 16), int(area[2], 16)
        config[first:last + 1] = bytes([int(value, 16)]) * (last + 1 - first)
        return
    name, bits = re.fullmatch(r'([a-z0-9.]+)(?:\[([0-9:]+)\])?', name).groups()
    if name in REGISTERS:
        capability, extended, offset, size = REGISTERS[name]
        at = find(config, capability, extended) + offset
    else:
        offset, width = name.split('.')
        at, size = int(offset, 16), WIDTHS[width]
    if name == 'st':
        first, last = (int(tag, 16) for tag in value.split('-'))
        table = b''.join(tag.to_bytes(2, 'little') for tag in range(first, last + 1))
        config[at:at + len(table)] = table
        return
    high, low = (int((bits or f'{size * 8 - 1}:0').split(':')[i]) for i in (0, -1))
    mask = (1 << high + 1) - (1 << low)
    new = get(config, at, size) & ~mask | int(value, 16) << low & mask
    config[at:at + size] = new.to_bytes(size, 'little')


def again(functions, offset):
    """A copy of every function, its bus and those behind it higher by @offset."""
    copies = {}
    for address, (title, config) in functions.items():
        bus, rest = address.split(':')
        config = bytearray(config)
        if config[0x0e] & 0x7f == 1:
            for at in (0x18, 0x19, 0x1a):
                config[at] += offset
        copies[f'{int(bus, 16) + offset:02x}:{rest}'] = [title, config]
    return copies


def apply(line, functions, base):
    """One line of a recipe; returns the functions that it leaves."""
    words = line.split()
    if words[0] == 'only':
        return {address: functions[address] for address in words[1:]}
    if words[0] == 'new':
        title, config = base[words[2]]
        functions[words[1]] = [' '.join(words[3:]) or title, bytearray(config)]
    elif words[0] == 'again':
        copies = [again(functions, int(offset, 16)) for offset in words[1:]]
        for copy in copies:
            functions |= copy
    elif words[0] == 'cut':
        for function in functions.values():
            del function[1][int(words[1]):]
    elif words[0] == 'domain':
        return {f'{words[1]}:{address}': function for address, function in functions.items()}
    else:
        for address in (word for word in words if '=' not in word):
            for change in (word for word in words if '=' in word):
                edit(functions[address][1], change)
    return functions


def main(out):
    recorded = (path.stem for path in HERE.glob('*.dump'))
    texts = {name: format_dump(parse_dump((HERE / f'{name}.dump').read_text())) for name in recorded}
    for line in (HERE / 'recipes').read_text().splitlines():
        if head := re.fullmatch(r'([a-z0-9-]+) = ([a-z0-9-]+)', line):
            name, base = head[1], parse_dump(texts[head[2]])
            functions = parse_dump(texts[head[2]])
        elif line.startswith('\t'):
            functions = apply(line, functions, base)
            texts[name] = format_dump(functions)
    for name, text in texts.items():
        (out / f'{name}.dump').write_text(text)
    (out / 'pci.ids').write_text(PCI_IDS)
    (out / 'pastes').mkdir(exist_ok=True)
    pastes.write(texts['paste'], out / 'pastes')


if __name__ == '__main__':
    main(pathlib.Path(sys.argv[1]))
