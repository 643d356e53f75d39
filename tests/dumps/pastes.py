# SPDX-License-Identifier: GPL-2.0-or-later
"""Forms in which users paste a dump: each is a function of the dump's text."""
import codecs
import gzip
import re
import textwrap

ROW = re.compile(r'([0-9a-f]{2,3}): ')


def each(change):
    """A change of each line that is not empty."""
    def apply(text):
        return '\n'.join(change(n, line) if line else line
                         for n, line in enumerate(text.splitlines())) + '\n'
    return apply


def prefix(mark, blank=True):
    """A mark before each line, before empty lines too if @blank."""
    return lambda text: textwrap.indent(text, mark, None if not blank else lambda _: True)


def numbered(form):
    return each(lambda n, line: form.format(n=n, s=n % 60, line=line))


def listing(text):
    """What lspci prints without -x."""
    return '\n'.join(line for line in text.splitlines() if line and not ROW.match(line)) + '\n'


def block(text, number):
    return text.split('\n\n')[number]


def within(text, row, change, number=3):
    """Changes a row of one function; '' removes it."""
    old = re.search(f'^{row}: .*\n', block(text, number), re.M)[0]
    made = change(old[:-1])
    new = block(text, number).replace(old, made + '\n' if made else '')
    return text.replace(block(text, number), new)


def offsets(digits):
    return lambda text: re.sub(r'^([0-9a-f]{2,3}): ', lambda m: m[1].zfill(digits) + ': ', text,
                               flags=re.M)


def other_bytes(text):
    """One function twice, with other bytes first: the last counts."""
    return 'before:\n' + within(block(text, 5), '40', lambda row: row.replace('00', 'ee'), 0) + \
        '\n\nafter:\n' + text


def diff(text):
    """The dump is the new file of a diff of all lines."""
    def line(n, was):
        if was.startswith('40: '):
            return '-40: ' + 'ee ' * 15 + 'ee\n+' + was
        return ' ' + was
    return '--- before\n+++ after\n@@ -1,9 +1,9 @@\n' + '\n'.join(
        line(n, was) for n, was in enumerate(text.splitlines())) + '\n'


def config_files(form, text):
    """The files of sysfs as a program such as xxd prints them, each below its name."""
    out = []
    for function in text.strip().split('\n\n'):
        title, *rows = function.split('\n')
        out += [f'/sys/bus/pci/devices/0000:{title.split(" ")[0]}/config']
        out += form([bytes.fromhex(row.split(': ')[1]) for row in rows])
    return '\n'.join(out) + '\n'


def characters(row):
    return ''.join(chr(byte) if 32 <= byte < 127 else '.' for byte in row)


def xxd(rows):
    return [f'{16 * n:08x}: {row.hex(" ", 2)}  {characters(row)}' for n, row in enumerate(rows)]


def hexdump(rows):
    """hexdump -C, which writes "*" for rows that equal the one before."""
    out = []
    for n, row in enumerate(rows):
        if n and row == rows[n - 1]:
            out += ['*'] if out[-1] != '*' else []
        else:
            out += [f'{16 * n:08x}  {row[:8].hex(" ")}  {row[8:].hex(" ")}  |{characters(row)}|']
    return out + [f'{16 * len(rows):08x}']


def machine_readable(text):
    """lspci -vmm -xxxx"""
    return re.sub(r'^(\S+) (.*?): (.*)$', r'Slot:\t\1\nClass:\t\2\nVendor:\tx\nDevice:\t\3\nRev:\t02',
                  text, flags=re.M)


STDERR = 'pcilib: sysfs_read_vpd: read failed: No such device\n'
MAIL = ('\n-----Original Message-----\nFrom: someone <someone@example.org>\nCc: linux-pci\n'
        'add: 01 02\nbad: 86 80\nThe first line before was\n00: 86 80 02 2f' + ' 00' * 12 + '\n')
ADDRESS_PLACES = ('10:05.3 pcilib: a time\n', 'mlx5_core 0000:99:00.0: Port module event\n',
                  'dead:be:0f.1 is made of words\n', '99:00.0 is mentioned here\n')

# These are read completely: tphctl prints the same as for the dump itself.
SAME = {
    'quoted': prefix('> '),
    'quoted-twice': prefix('>> '),
    'quoted-bar': prefix('| '),
    'quoted-by-initials': prefix('XY> '),
    'added': prefix('+'),
    'indented': prefix('    ', False),
    'tabs': prefix('\t', False),
    'no-break-spaces': lambda text: prefix('\u00a0\u00a0', False)(text.replace(': ', ':\u00a0')),
    'syslog': numbered('Nov 29 16:07:{s:02d} host lspci[4711]: {line}'),
    'kernel-log': numbered('[{n:5d}.123456] {line}'),
    'journal': numbered('2026-11-29T16:07:{s:02d}.123456+00:00 host lspci[4711]: {line}'),
    'line-numbers': numbered('{n:6d}\t{line}'),
    'grep-numbers': numbered('{n}-{line}'),
    'diff': diff,
    'bom': lambda text: '\ufeff' + text,
    'bom-within': lambda text: '\ufeff' + listing(text) + '\ufeff' + text,
    'colours': each(lambda n, line: f'\033[01;31m{line}\033[0m'),
    'quotation-marks': each(lambda n, line: f'"{line}\\n",'),
    'crlf': lambda text: text.replace('\n', '\r\n'),
    'crcrlf': lambda text: text.replace('\n', '\r\r\n'),
    'upper-case': lambda text: re.sub(r'^[0-9a-f]{2,3}: .*$', lambda m: m[0].upper(), text,
                                      flags=re.M),
    'trailing-blanks': each(lambda n, line: line + '  \t'),
    'no-last-newline': lambda text: text.rstrip('\n'),
    'nul-at-end': lambda text: text + '\0' * 40,
    'offsets-2': lambda text: text,
    'offsets-4': offsets(4),
    'offsets-8': offsets(8),
    'characters-behind': lambda text: re.sub(r'^[0-9a-f]{2,3}: .*$', r'\g<0>  |....|', text,
                                             flags=re.M),
    'listing-before': lambda text: '# lspci -nn; lspci -xxxx\n' + listing(text) + '\n' + text,
    'listing-after': lambda text: text + listing(text),
    'twice': lambda text: text + text,
    'twice-short': lambda text: re.sub(r'^([4-f]|[0-9a-f]{2})0: .*\n', '', text, flags=re.M) + text,
    'session': lambda text: '[root@host ~]# lspci -xxxx -s 03:00.0\n' + block(text, 5) +
                            '\n\n[root@host ~]# lspci -xxxx\n' + text,
    'text-between': lambda text: text.replace('\n10: ', '\n' + STDERR + '10: ').replace(
        '\n00: ', '\n' + ''.join(ADDRESS_PLACES[:3]) + '00: ').replace(
        '\n80: ', '\n' + ADDRESS_PLACES[3] + '80: '),
    'blank-within': lambda text: text.replace('\n80: ', '\n\n80: '),
    'double-spaced': lambda text: text.replace('\n', '\n\n'),
    'mail-below': lambda text: text + MAIL,
    'long-lines': lambda text: 'x' * 3000 + '\n' + text.replace('\n10: ', '\n' + '00: ' * 900 +
                                                                '\n10: '),
    'fences': lambda text: '```\n' + text.replace('\n00: ', '\n```\n00: ') + '```\n',
    'machine-readable': lambda text: re.sub(r'(?m)^(?![0-9a-f]+: ).+$', lambda m: machine_readable(
        m[0]), text),
    'xxd': lambda text: config_files(xxd, text),
    'xxd-quoted': lambda text: prefix('> ')(config_files(xxd, text)),
    'hexdump': lambda text: config_files(hexdump, text),
    'hexdump-quoted': lambda text: prefix('> ')(config_files(hexdump, text)),
    'hexdump-session': lambda text: config_files(hexdump, text).replace(
        '/sys', 'root@host:~# hexdump -C /sys'),
    'pre': lambda text: '<pre>' + text + '</pre>\n',
}

# Of these something is lost: tphctl warns of it, and reads the rest.
DAMAGED = {
    'line-missing': lambda text: within(text, '80', lambda row: ''),
    'star-for-a-line': lambda text: within(text, '80', lambda row: '*'),
    'first-line-missing': lambda text: within(text, '00', lambda row: ''),
    'heading-missing': lambda text: text.replace(block(text, 3),
                                                 block(text, 3).split('\n', 1)[1]),
    'heading-and-blank-missing': lambda text: text.replace(
        '\n\n' + block(text, 3), '\n' + block(text, 3).split('\n', 1)[1]),
    'noise-within': lambda text: within(text, '40', lambda row: f'{row[:24]} {STDERR}{row[25:]}'),
    'noise-above-40': lambda text: within(text, '30', lambda row: f'{row[:24]} {STDERR}{row[25:]}'),
    'noise-before': lambda text: within(text, '40', lambda row: STDERR.strip() + row),
    'a-nul-within': lambda text: within(text, '40', lambda row: row[:20] + '\0\0' + row[22:]),
    'no-byte': lambda text: within(text, '40', lambda row: row.replace(' 00', ' xx', 1)),
    'seventeen-bytes': lambda text: within(text, '40', lambda row: row + ' 00'),
    'cut-within-a-byte': lambda text: text[:text.rindex('\n\n') - 25],
    'cut-within-a-row': lambda text: text[:text.rindex('\n\n') - 24],
    'other-bytes': other_bytes,
    'hunk-of-another': lambda text: block(text, 3).split('\n80: ')[0] + '\n@@ -80,9 +80,9 @@\n90:' +
                                    block(text, 5).split('\n90:')[1],
    'minus-alone': lambda text: within(text, '40', lambda row: '-' + row),
}

# These have no function that can be read; some are bytes, not text.
NOTHING = {
    'empty': lambda text: '',
    'blank': lambda text: '\n\n',
    'no-dump': lambda text: 'hello\n',
    'text-alone': listing,
    'machine-readable-alone': lambda text: re.sub(r'(?m)^[0-9a-f]+: .*\n', '', machine_readable(
        text)),
    'xxd-alone': lambda text: '\n'.join(config_files(xxd, text).split('\n')[1:60]) + '\n',
    'bytes-alone': lambda text: block(text, 0).split('\n', 1)[1],
    'heading-above-blank': lambda text: block(text, 0).replace('\n', '\n\n', 1),
    'gzip': lambda text: gzip.compress(text.encode(), mtime=0),
    'utf16': lambda text: codecs.BOM_UTF16_LE + text.encode('utf-16-le'),
    'utf16-no-mark': lambda text: text.encode('utf-16-be'),
    'html': lambda text: '<!DOCTYPE html>\n<html><body><pre>\n' + text + '</pre></body></html>\n',
    'binary': lambda text: bytes(range(256)) * 2 + bytes(3000),
}


def write(text, out):
    """out/same-NAME, out/damaged-NAME, out/nothing-NAME"""
    for group, kinds in ('same', SAME), ('damaged', DAMAGED), ('nothing', NOTHING):
        for name, make in kinds.items():
            made = make(text)
            data = made if isinstance(made, bytes) else made.encode()
            (out / f'{group}-{name}.txt').write_bytes(data)
