#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks of the source as text.
# usage: lint.sh CHECK
. "$(dirname "$0")/../lib/check.sh"

git rev-parse --is-inside-work-tree >/dev/null 2>&1 || skip "not a git checkout"

# tracked PATHSPEC…: the files that git tracks, or would add
tracked() {
	git ls-files -co --exclude-standard --deduplicate -- "$@" | while read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

# scripts SHELL-PATTERN: those whose first line names such a shell
scripts() {
	tracked | grep -vE '\.(c|h|dump|out|txt|patch)$' | xargs grep -lE -m1 "^#!/bin/($1)( |$)"
}

check=$1
shift
case $check in
# Every C file is formatted as by clang-format 14; other versions differ a little.
format)
	need clang-format clang-format
	clang-format --version >"$work/version"
	grep -q 'version 14\.' "$work/version" || skip "not clang-format 14 but $(<"$work/version")"
	tracked '*.c' '*.h' | xargs clang-format --dry-run -Werror
	;;

# No finding of shellcheck in any script, nor in the parts that scripts source. The rules are in
# .shellcheckrc, and stricter ones for checks in tests/.shellcheckrc.
shellcheck)
	need shellcheck shellcheck
	{ scripts "(ba)?sh"; tracked 'lab/lib/*.sh' 'tests/lib/*.sh'; } | sort -u |
		xargs shellcheck -s bash
	;;

# Each file names its licence in its first three lines. Files of other origin are listed.
spdx)
	without='^(LICENSE|LICENSES/|\.gitignore$|kernel/.*\.patch$'
	without+='|kernel/.*cover.*\.txt$'
	without+='|debian/(changelog|copyright|source/format)$|tests/golden/.*\.(out|txt)$'
	without+='|tests/dumps/.*\.dump$|tests/fuzz/corpus/)'

	tracked | grep -vE "$without" | xargs awk '
		FNR == 1 { found = 0 }
		/SPDX-License-Identifier/ { found = 1 }
		FNR == 3 || found { seen[FILENAME] = found; nextfile }
		END { for (i = 1; i < ARGC; i++) if (!seen[ARGV[i]]) print "no SPDX: " ARGV[i] }
	' >"$work/missing"
	empty "$work/missing"
	;;

# No misspelt word, in code, documents and commit texts of the series. Words that codespell takes
# for mistakes and that are right here are in .codespellrc.
codespell)
	need codespell codespell
	tracked | grep -vE '^(LICENSES/|tests/(dumps|fuzz/corpus|golden)/)' | xargs codespell
	;;

# No word that CODING-STYLE.md replaces and that has no proper use, except in its table and in the
# kernel's own lines, which patches quote. The pattern is written so that it does not match itself.
words)
	words='((no|some|any)body|who(ever)|be(fall|fell)(s|en)?|suff(er|ers|ered|ering))'
	{
		git grep --untracked -niIE "\\<$words\\>" -- \
			':!CODING-STYLE.md' ':!LICENSES' ':!kernel/*.patch' || [ $? = 1 ]
		git grep --untracked -niIE "^([^- ].*)?\\<$words\\>" -- \
			'kernel/*.patch' || [ $? = 1 ]
	} >"$work/found"
	empty "$work/found"
	;;

# Lines of shell are at most 100 columns, a tab being 8 of them; clang-format has that limit for C.
columns)
	export LC_ALL=C.UTF-8
	{ scripts "(ba)?sh"; tracked '*.sh'; } | sort -u | while read -r file; do
		expand "$file" | { grep -nE '^.{101,}' || [ $? = 1 ]; } | sed "s|^|$file:|"
	done >"$work/long"
	empty "$work/long"
	;;

# clang-tidy has no finding in any folder with C, by the rules of .clang-tidy.
tidy)
	need clang-tidy clang-tidy
	need run-clang-tidy clang-tidy
	ninja -C "$build" >"$work/ninja.log"
	# Its count of the warnings in system headers, which it does not show, is no finding.
	run-clang-tidy -quiet -p "$build" >"$work/found" 2>"$work/err" || status=$?
	grep -E 'warning:|error:' "$work/found" | sort -u >"$work/findings" || [ $? = 1 ]
	empty "$work/findings"
	[ "${status:-0}" = 0 ]
	;;
*) fail "no such check: $check" ;;
esac
