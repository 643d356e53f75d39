# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For checks of the command on this machine.
. "$(dirname "${BASH_SOURCE[0]}")/check.sh"

tphctl=$build/tphctl/tphctl
export LC_ALL=C.UTF-8

# tphctl_says PATTERN STATUS ARGUMENT…: it ends with STATUS and one line on standard error.
tphctl_says() {
	local pattern=$1 expected=$2 status=0
	shift 2
	"$tphctl" "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
	cat "$work/stdout" "$work/stderr"
	[ $status = "$expected" ] || fail "status $status, not $expected: tphctl $*"
	grep -qE "^tphctl: $pattern" "$work/stderr" || fail "no line matches: $pattern"
	[ ! -s "$work/stdout" ] || fail "something on standard output"
	[ "$(wc -l <"$work/stderr")" = 1 ] || fail "more than one line"
}

# tphctl_complete WORD…: the completions that bash offers for the last word
tphctl_complete() (
	set +eu
	. tphctl/tphctl.bash
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_tphctl
	printf '%s\n' "${COMPREPLY[@]}"
)
