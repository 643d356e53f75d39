#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the files of a made-up demo: result.json, trace.pcap and guest.log; for two hosts also the
second host's peer.pcap.

usage: fixture.py ok|failed|hostile|pair DIR
"""
import json
import pathlib
import struct
import sys

TLPS, BYTES = 64, 256
HINTS = {8: (0x5a, 2, 'target'), 16: (0x1234, 1, 'requester')}
ADD = (0x2000, 3, 'target-priority')
NICS = [{'name': 'mlx5_0', 'bdf': '0000:04:00.0', 'width': 8},
        {'name': 'mlx5_1', 'bdf': '0000:05:00.0', 'width': 16}]
BUFFERS = {'no hint': (), '8-bit hint': (8,), '16-bit hint': (16,), 'both hints': (8, 16)}
EVIL = '</script><script>document.title="evil"</script><img src=x onerror=alert(1)>\u202e\x1b[31m'


def share(partition, tlps):
    return [{'partition': partition, 'tlps': tlps, 'bytes': tlps * BYTES}] if tlps else []


def pair(buffer, nic, failed):
    width = nic['width'] if nic['width'] in BUFFERS[buffer] and not failed else 0
    tag, _, ph = HINTS.get(width, (0, 0, None))
    return {'buffer': buffer, 'nic': nic['name'], 'nic_width': nic['width'], 'width': width,
            'st': hex(tag) if width else None, 'ph': ph, 'tlps': TLPS, 'bytes': TLPS * BYTES,
            'hinted': TLPS if width else 0, 'data_ok': not failed, 'ok': not failed,
            'why': 'no TLP had its hint' if failed else '', 'partitions': share(width // 8, TLPS)}


def make_result(kind):
    failed = kind == 'failed'
    pairs = [pair(buffer, nic, failed and '16' in buffer and nic['width'] == 16)
             for buffer in BUFFERS for nic in NICS]
    add = {'width': 16, 'st': hex(ADD[0]), 'ph': ADD[2], 'ok': not failed, 'nics': [
        {'nic': 'mlx5_0', 'outcome': 'refused', 'tlps': 0, 'hinted': 0, 'bytes': 0, 'partitions': []},
        {'nic': 'mlx5_1', 'outcome': 'sum wrong' if failed else 'sum right', 'tlps': TLPS,
         'hinted': TLPS, 'bytes': TLPS * BYTES, 'partitions': share(3, TLPS)}]}
    rules = [{'width': w, 'st': hex(t), 'partition': w // 8, 'operation': 'store'}
             for w, (t, _, _) in HINTS.items()]
    rules.append({'width': 16, 'st': hex(ADD[0]), 'partition': 3, 'operation': 'add u32'})
    fdinfo = 'pos:\t0\nflags:\t02000002\nexp_name:\t_vfio_pci_core\n'
    buffers = [{'name': name, 'fdinfo': f'{fdinfo}tph:\t{len(widths)} hints\n'}
               for name, widths in BUFFERS.items()]
    return {'ok': not failed, 'kernel': '7.3.4', 'topology': 'switch', 'pairs': pairs, 'add': add,
            'nics': NICS, 'rules': rules, 'buffers': buffers}


def spoil(result):
    """Each text becomes markup, and some keys hold other types than they should."""
    for entry in result['pairs'] + result['buffers'] + result['rules'] + result['nics']:
        entry.update((key, EVIL) for key, value in entry.items() if isinstance(value, str))
    result['pairs'][0].update(tlps=-1, bytes=1e300, partitions=7, why={'<b>': EVIL})
    result['pairs'].append(None)
    result['add']['nics'].append(EVIL)
    result['kernel'] = 'x' * 100000
    result['topology'] = EVIL


def record(time_ns, kind, sender, receiver, body, payload=0, flags=0):
    header = struct.pack('4B8s8s', 1, kind, 0, flags, sender, receiver) + body
    lengths = (len(header), len(header) + payload)
    return struct.pack('<4I', *divmod(time_ns, 10**9), *lengths) + header


def write(requester, address, width=0, tag=0, ph=0):
    """PCIe Base section 2.2.1: header of a memory write, TH set with a hint, 16 bits by a prefix."""
    first = 0x60 << 24 | bool(width) << 16 | BYTES // 4
    header = struct.pack('>IHBBQ', first, requester, tag & 0xff, 0xff, address | ph)
    return (bytes([0x90, tag >> 8, 0, 0]) if width == 16 else b'') + header


def write_flit(requester, address, width=0, tag=0, ph=0):
    """The same in flit mode (doc/trace.md): the hint in OHC-B, behind the header."""
    header = struct.pack('>IHHQ', 0x60 << 24 | bool(width) << 17 | BYTES // 4, requester, 0, address)
    hint = struct.pack('>I', tag << 8 | ph << 6 | (3 if width == 16 else 1) << 4)
    return header + (hint if width else b'')


def read(requester, address):
    return struct.pack('>IHBBQ', 0x20 << 24 | BYTES // 4, requester, 0, 0xff, address)


def make_events():
    packets = []
    for port, requester in ((b'accel0', 0x300), (b'nic0', 0x400), (b'nic1', 0x500)):
        flit = 3 if port == b'nic1' else 0
        for name, value in ((b'requester_id', requester), (b'below_switch', 1), (b'flit', flit)):
            packets.append(record(10**18, 1, port, b'', struct.pack('>Q', value) + name))
    return packets


def make_file(packets):
    return struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 147) + b''.join(packets)


def make_peer_trace():
    """The host whose NICs write into the other's accelerator: they read host memory."""
    reads = [record(10**18 + i, 0, b'nic%d' % (i % 2), b'host',
                    read(0x400 + i % 2 * 0x100, (1 << 32) + BYTES * i)) for i in range(2 * TLPS)]
    return make_file(make_events() + reads)


def make_trace(kind):
    time = 10**18
    packets = make_events()
    bursts = [(nic, width if NICS[nic]['width'] == width else 0, *HINTS[width][:2])
              for widths in BUFFERS.values() for nic in (0, 1)
              for width in (NICS[nic]['width'] if NICS[nic]['width'] in widths else 8 * (2 - nic),)]
    for nic, width, tag, ph in [*bursts, *([] if kind == 'pair' else [(1, 16, *ADD[:2])])]:
        time += 2 * 10**8
        for i in range(TLPS):
            time += 50000
            tlp = (write, write_flit)[nic](0x400 + nic * 0x100, 0x380000000 + BYTES * i,
                                           *((width, tag, ph) if width else ()))
            packets.append(record(time, 0, b'nic%d' % nic, b'accel0', tlp, BYTES, 2 * nic))
    if kind == 'hostile':
        for i in range(40):
            packets.append(record(time - i * 10**10, 0, b'<b>%d' % i, b'accel0', write(0, 1 << 32), BYTES))
        packets.append(b'cut')
    return make_file(packets)


def main(kind, out):
    result = make_result(kind)
    log = b''.join(b'[%5d.0] mlx5_core 0000:04:00.0: probed\r\r\n' % i for i in range(100))
    if kind == 'hostile':
        spoil(result)
        log = log * 100 + EVIL.encode() + b'\xff\0\n'
    out.mkdir(parents=True, exist_ok=True)
    if kind == 'pair':
        del result['add']
        (out / 'peer.pcap').write_bytes(make_peer_trace())
    (out / 'result.json').write_text(json.dumps(result))
    (out / 'trace.pcap').write_bytes(make_trace(kind))
    (out / 'guest.log').write_bytes(log)


if __name__ == '__main__':
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
