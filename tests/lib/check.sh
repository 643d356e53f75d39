# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Every check sources this first: a command that fails ends it, and its file and line are printed.
#
# errexit is off in a function that is called in a condition, so no check may do that. The lint
# suite's shellcheck (check-set-e-suppressed) refuses it, and "! command", which ends no script.
set -eEu -o pipefail
shopt -s inherit_errexit

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$top"
build=${TPH_BUILD:-$top/build}
# Files of this check, which are kept for finding the cause of a failure.
work=$top/out/check/${TPH_TEST:-$(basename "$0" .sh)}
rm -rf "$work"
mkdir -p "$work"
scratch=''

check_failed() {
	local status=$1 command=$2 depth=0 line file
	[ "$status" != 77 ] || return 0
	while read -r line _ file < <(caller $depth); do
		printf '%s:%d: %s\n' "${file#"$top"/}" "$line" "$command" >&2
		depth=$((depth + 1)) command='called from here'
	done
	echo "status $status" >&2
}
trap 'check_failed $? "$BASH_COMMAND"' ERR
trap '[ -z "$scratch" ] || rm -rf "$scratch"' EXIT

# skip REASON: ends the check as skipped.
skip() {
	printf 'skipped: %s\n' "$*"
	exit 77
}

fail() {
	printf '%s\n' "$*" >&2
	return 1
}

# need TOOL PACKAGE
need() {
	command -v "$1" >/dev/null || skip "no $1 here: apt-get install $2"
}

# Sets scratch, a folder with a short name for sockets, which is removed at the end.
scratch_make() {
	scratch=$(mktemp -d)
}

# absent PATTERN FILE…: prints what matches, and fails. A file that cannot be read fails, too.
absent() {
	local status=0
	grep -nE -- "$@" || status=$?
	[ "$status" = 1 ]
}

# empty FILE: prints what is in it, and fails.
empty() {
	cat "$1"
	[ ! -s "$1" ]
}

# program_of DOCUMENT…: the C program that a document has
program_of() {
	awk '
		/^```/ { if (on && text ~ /int main/) printf "%s", text; on = !on; text = ""; next }
		on { text = text $0 "\n" }' "$@"
}

# status_is STATUS PROGRAM…: PROGRAM ends with STATUS; its output is in $work/output. A function
# is refused, since errexit would be off in it.
status_is() {
	local expected=$1 status=0
	shift
	[ "$(type -t "$1")" != function ] || fail "status_is: $1 is a function"
	("$@") >"$work/output" 2>&1 </dev/null || status=$?
	[ "$status" = "$expected" ] && return
	cat "$work/output"
	fail "status $status, not $expected: $*"
}

# says PATTERN STATUS COMMAND…: COMMAND ends with STATUS, and its last line matches PATTERN.
says() {
	local pattern=$1
	shift
	status_is "$@"
	cat "$work/output"
	tail -n 1 "$work/output" | grep -qE -- "$pattern" ||
		fail "the last line does not match: $pattern"
}

# A separate build by clang: with the sanitizers for addresses and undefined behaviour, and with the
# fuzzers.
sanitized=$top/build-sanitized

# build_sanitized [TARGET…]: configures and builds; several checks may ask for it at once.
build_sanitized() {
	local lock
	exec {lock}>"$sanitized.lock"
	flock "$lock"
	[ -e "$sanitized/build.ninja" ] || CC=clang meson setup --native-file build-dev.ini \
		-Dfuzz=true -Db_lundef=false "$sanitized"
	ninja -C "$sanitized" "$@"
	exec {lock}>&-
}
