#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the numbers in the data- attributes of a page with those of result.json.

usage: numbers.py DOM RESULT    exit status 1, and the lines that differ, if they do
"""
import difflib
import html.parser
import json
import sys

ROWS = {'data-series': 'hint', 'data-add': 'add', 'data-partition': 'partition'}
PAIR = ('tlps', 'hinted', 'bytes', 'width', 'st', 'ph')


class Page(html.parser.HTMLParser):
    """A line per total, pair, hint, adding NIC and partition."""

    def __init__(self):
        super().__init__()
        self.lines = []
        self.row = None

    def handle_starttag(self, tag, attrs):
        data = dict(attrs)
        if tag == 'tr':
            self.row = next((f'{ROWS[key]} {data[key]}' for key in data if key in ROWS), None)
        if data.get('data-total') not in (None, 'traced'):
            self.lines.append(f'total {data["data-total"]} {data["data-value"]}')
        elif 'data-good' in data:
            self.lines.append(f'good {data["data-good"]} {data["data-pairs"]}')
        elif 'data-pair' in data:
            values = (data['data-' + key] for key in PAIR)
            self.lines.append(f'pair {data["data-pair"]} {" ".join(values)}')
        elif self.row and 'data-tlps' in data:
            self.row += ' ' + data['data-tlps']
        elif self.row and 'data-bytes' in data:
            self.lines.append(self.row + ' ' + data['data-bytes'])


def sums(name, entries, key):
    """A line for each value of key, with the sums of TLPs and bytes of its entries."""
    total = {}
    for entry in entries:
        tlps, size = total.get(key(entry), (0, 0))
        total[key(entry)] = (tlps + entry['tlps'], size + entry['bytes'])
    return [f'{name} {value} {tlps} {size}' for value, (tlps, size) in total.items()]


def hint_of(entry):
    return f'{entry["width"]} {entry["st"] or "0x0"} {entry["ph"] or "-"}'


def lines_of(result):
    pairs, add = result['pairs'], result.get('add', {'nics': []})
    hint = {key: add.get(key) for key in ('width', 'st', 'ph')}
    entries = pairs + [{**nic, **hint} for nic in add['nics'] if nic['tlps']]
    lines = [f'total {key} {sum(entry[key] for entry in entries)}' for key in PAIR[:3]]
    lines.append(f'good {sum(pair["ok"] for pair in pairs)} {len(pairs)}')
    for pair in pairs:
        values = ('' if pair[key] is None else str(pair[key]) for key in PAIR)
        lines.append(f'pair {pair["buffer"]} {pair["nic"]} {" ".join(values)}')
    # The page has the hints from the trace, which has an endpoint's writes, too.
    others = [result['endpoint']] if 'endpoint' in result else []
    lines += sums('hint', entries + others, hint_of)
    lines += sums('add', add['nics'], lambda nic: f'{nic["nic"]} {nic["outcome"]}')
    shares = [share for entry in entries for share in entry['partitions']]
    return lines + sums('partition', shares, lambda share: share['partition'])


def main(dom, result):
    page = Page()
    with open(dom, encoding='utf-8') as file:
        page.feed(file.read())
    with open(result, encoding='utf-8') as file:
        expected = sorted(lines_of(json.load(file)))
    differences = list(difflib.unified_diff(expected, sorted(page.lines), result, dom, lineterm=''))
    print('\n'.join(differences or sorted(page.lines)))
    return 1 if differences or len(expected) < (20 if 'add' in result else 18) else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
