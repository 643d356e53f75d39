#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every semantic patch of the kernel that can report has nothing to say of the lines that the series
# adds. On the files that it touches: make coccicheck wants whole directories, which takes an hour.
. "$(dirname "$0")/../lib/kernel.sh"

# rule FILE SOURCE…: in the kernel's source folder
rule() {
	local options
	options=$(sed -n 's|^// *Options:||p' "$1")
	# shellcheck disable=SC2086
	timeout 600 spatch -D report --no-show-diff --very-quiet --cocci-file "$1" $options \
		-I include -I arch/x86/include "${@:2}" 2>&1 || echo "$1 failed"
}

need spatch coccinelle
kernel_tree
# bnxt.c has 17,000 lines: one rule ends there after ten minutes, by its stack.
echo "skipped: bnxt.c, of which the series changes few lines"
mapfile -t files < <(series_files "$tree" 'drivers/*.[ch]' 'include/*.h' ':!*/bnxt.c')
[ ${#files[@]} -gt 0 ]
cd "$tree"
grep -rlE 'virtual[[:space:]]+report' scripts/coccinelle | sort >"$work/rules"
xargs grep -LE ':ocaml' <"$work/rules" >"$work/usable"
[ -s "$work/usable" ]
comm -23 "$work/rules" "$work/usable" | sed 's/.*/skipped: & needs an OCaml compiler/'
export -f rule
xargs -P "$(nproc)" -I RULE bash -c 'rule "$@"' - RULE "${files[@]}" <"$work/usable" >"$work/found"
cat "$work/found"
absent ' failed$' "$work/found"
no_findings_of_ours "$work/found"
