# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For checks of the source's text: what git knows of it.
. "$(dirname "${BASH_SOURCE[0]}")/check.sh"

git rev-parse --is-inside-work-tree >/dev/null 2>&1 || skip "not a git checkout"

# tracked PATHSPEC…: the files that git has, or would take
tracked() {
	git ls-files -co --exclude-standard --deduplicate -- "$@" | while read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

# scripts SHELL-PATTERN: those whose first line names such a shell
scripts() {
	tracked | grep -vE '\.(c|h|dump|out|txt|patch)$' | xargs grep -lE -m1 "^#!/bin/($1)( |$)"
}
