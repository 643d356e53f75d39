#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The inputs that a fuzzer starts with: corpus/NAME.tar.gz, and findings/NAME/*, named by defect.
# usage: tests/fuzz/corpus.sh unpack NAME DIR     writes all of NAME's inputs to DIR, emptied before
#        tests/fuzz/corpus.sh pack NAME DIR       makes corpus/NAME.tar.gz of the files of DIR
#        tests/fuzz/corpus.sh minimise BUILD NAME [DIR]…
#                     replaces the corpus by the fewest inputs that cover what it and each DIR do
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

usage() {
	sed -n '/^# usage/,/^[^#]/s/^# //p' "$0" >&2
	exit 2
}

unpack() {
	rm -rf "$2"
	mkdir -p "$2"
	tar -xz -C "$2" -f "$here/corpus/$1.tar.gz"
	[ ! -d "$here/findings/$1" ] || cp "$here/findings/$1"/* "$2"
}

# The same inputs give the same archive.
pack() {
	(cd "$2" && find . -type f -printf '%P\n' | LC_ALL=C sort) |
		tar -c -C "$2" --format=ustar --mtime=@0 --mode=644 --owner=0 --group=0 \
			--numeric-owner --no-recursion -T - | gzip -n9 >"$here/corpus/$1.tar.gz"
	echo "corpus/$1.tar.gz: $(tar -tzf "$here/corpus/$1.tar.gz" | wc -l) inputs"
}

minimise() {
	local fuzzer=$1/tests/fuzz/$2_fuzz name=$2 work
	shift 2
	work=$(mktemp -d)
	# shellcheck disable=SC2064 # expand $work now
	trap "rm -rf '$work'" EXIT
	unpack "$name" "$work/old"
	mkdir "$work/new"
	"$fuzzer" -merge=1 -use_counters=0 -max_len=9000 "$work/new" "$@" "$work/old"
	pack "$name" "$work/new"
}

case "${1:-} $#" in
'unpack 3' | 'pack 3') "$@" ;;
minimise\ [3-9]) "$@" ;;
*) usage ;;
esac
