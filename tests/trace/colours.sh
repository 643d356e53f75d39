#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tshark takes each rule of lab/tph.colorfilters; TLPs with a hint have their colours, others none.
. "$(dirname "$0")/../lib/demo.sh"

need tshark tshark
demo_files
mkdir "$work/wireshark"
cp lab/tph.colorfilters "$work/wireshark/colorfilters"
WIRESHARK_CONFIG_DIR=$work/wireshark COLORTERM=truecolor script -qec \
	"tshark --color -n -X lua_script:lab/tph.lua -r $demo/trace.pcap" /dev/null \
	>"$work/coloured" </dev/null
absent '[Cc]olor|[Ll]ua' "$work/coloured"
grep -m1 $'\e\\[48;2;204;235;213m.*ST 0x1234 (16-bit) target' "$work/coloured"
grep -m1 $'\e\\[48;2;209;226;255m.*ST 0x5a (8-bit) target' "$work/coloured"
absent $'\e\\[48;2;[0-9;]*m.*MWr [0-9]+ bytes at 0x[0-9a-f]+\e' "$work/coloured"
