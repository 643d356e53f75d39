#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two decoders that share no code agree on every field of every TLP of a demo: tshark with
# lab/tph.lua, and the fabric's own.
. "$(dirname "$0")/../lib/demo.sh"
. "$(dirname "$0")/../lib/trace.sh"

columns=(from to direction hint_dropped type length_dw requester tag first_be last_be addr th len
	ph st st_bits no_preference completer status byte_count lower_addr payload event value)

need tshark tshark
demo_files
ninja -C "$build" tests/trace/trace_fields
"$build/tests/trace/trace_fields" "$demo/trace.pcap" >"$work/fabric"
trace_shark "$demo/trace.pcap" -T fields "${columns[@]/#/-etph.}" >"$work/tshark"
wc -l "$work/fabric"
[ "$(wc -l <"$work/fabric")" -gt 8000 ]
cmp "$work/fabric" "$work/tshark"
