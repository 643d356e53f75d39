# SPDX-License-Identifier: GPL-2.0-or-later
# Of result.json: "NIC WIDTH TAG PH TLPS BYTES" for each that the accelerator counted.
def tag: if . then "0x" + ("000" + .[2:])[-4:] else "-" end;

((.nics | map({(.name): .bdf[5:]}) | add) + {endpoint: .endpoint.bdf[5:]}) as $bdf
| [(.pairs[], (.endpoint | select(.) | .nic = "endpoint"),
	(.add as $add | .add.nics[] | select(.tlps > 0) | . + ($add | {width, st, ph})))
	| {key: "\($bdf[.nic]) \(.width) \(.st | tag) \(.ph // "-")", tlps, bytes}]
| group_by(.key)[]
| "\(.[0].key) \(map(.tlps) | add) \(map(.bytes) | add)"
