#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --help says, the manual and the completion have the same options, and --help fits a terminal.
. "$(dirname "$0")/../lib/tphctl.sh"

# help_of [COMMAND]: its text, no larger than a screen
help_of() {
	"$tphctl" "$@" --help >"$work/help"
	[ "$(wc -l <"$work/help")" -le 24 ]
	[ "$(wc -L <"$work/help")" -le 80 ]
}

# same COMMAND
same() {
	local option completed options manual=man/tphctl-$1.1.scd
	help_of "$1"
	completed=$(tphctl_complete tphctl "$1" --)
	options=$(grep -oE -- '--[a-z]+' "$work/help" | sort -u)
	for option in $options --help; do
		grep -q -- "\*$option\*" "$manual" || fail "$option is not in $manual"
		grep -qxF -- "$option" <<<"$completed" || fail "$1 $option is not completed"
	done
	for option in $completed; do
		[[ $option =~ ^(--|--help)$ ]] || grep -qF -- "$option" "$work/help" ||
			fail "$option is not in $1 --help"
	done
}

help_of
for command in doctor list show path export bufs watch; do
	same $command
done
