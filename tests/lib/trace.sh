# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For checks that look at a trace by tshark with the project's dissector.

# trace_shark FILE OPTION…: with settings of our own. A newer tshark writes True for 1.
trace_shark() {
	local file=$1
	shift
	mkdir -p "$work/wireshark"
	WIRESHARK_CONFIG_DIR=$work/wireshark tshark -n -X lua_script:lab/tph.lua -r "$file" "$@" \
		2>"$work/tshark.err" | sed 's/\bTrue\b/1/g; s/\bFalse\b/0/g'
	absent '[Ll]ua' "$work/tshark.err" >&2
}
