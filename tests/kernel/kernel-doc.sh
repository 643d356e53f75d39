#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel-doc understands what the series documents: the files that it touches give no warning that
# they did not give before. They did give some, so a tool that does not run is noticed.
. "$(dirname "$0")/../lib/kernel.sh"

# warnings DIR FILE…: without line numbers
warnings() {
	cd "$1"
	shift
	{ "$tree/tools/docs/kernel-doc" -none -Wall "$@" 2>&1 || :; } |
		sed 's/:[0-9][0-9]* / /' | sort -u
}

kernel_tree
mkdir "$work/old"
mapfile -t files < <(git -C "$tree" diff --name-only --diff-filter=M base -- '*.c' '*.h')
git -C "$tree" archive base -- "${files[@]}" | tar -x -C "$work/old"
(warnings "$work/old" "${files[@]}") >"$work/before"
[ -s "$work/before" ]
mapfile -t files < <(git -C "$tree" diff --name-only base -- '*.c' '*.h')
(warnings "$tree" "${files[@]}") >"$work/after"
comm -13 "$work/before" "$work/after" >"$work/new"
empty "$work/new"
