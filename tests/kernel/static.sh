#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The series as text and as objects; no guest is booted.
# usage: static.sh CHECK
. "$(dirname "$0")/../lib/kernel.sh"

check=$1
case $check in
# What the series touches builds by gcc without a warning; with W=1 there is none on a line that the
# series adds.
gcc)
	kernel_touched
	empty "$work/warnings"
	mapfile -t objects <"$work/objects"
	kernel_make "$kernel_build" W=1 "${objects[@]}"
	no_findings_of_ours "$work/warnings"
	;;

# clang has no warning on the lines that the series adds.
clang)
	need "$kernel_clang" "$kernel_clang"
	kernel_touched
	kernel_configured "$kernel_build-clang" CC="$kernel_clang"
	mapfile -t objects <"$work/objects"
	kernel_make "$kernel_build-clang" CC="$kernel_clang" W=1 "${objects[@]}"
	no_findings_of_ours "$work/warnings"
	;;

# sparse has no warning on the lines that the series adds. C=2: also of objects that are up to
# date. Linux uses __typeof_unqual__ for sparse, which Debian's sparse does not know; Debian's also
# reports MODULE_LICENSE and the like as bad constant expressions. It does not check what it cannot
# parse, so any other error fails the check, wherever it is.
sparse)
	need sparse sparse
	kernel_touched
	mapfile -t objects <"$work/objects"
	kernel_make "$kernel_build" W=1 C=2 CF=-D__typeof_unqual__=__typeof__ "${objects[@]}"
	grep -v 'error: bad constant expression' "$work/warnings" >"$work/sparse" || [ $? = 1 ]
	absent 'error: |not up to date' "$work/sparse"
	no_findings_of_ours "$work/sparse"
	;;

# No semantic patch of the kernel with a report mode reports a line that the series adds. It runs on
# the files that the series touches: make coccicheck takes whole directories, and so an hour.
coccicheck)
	# rule FILE SOURCE…: in the kernel's source folder
	rule() {
		local options
		options=$(sed -n 's|^// *Options:||p' "$1")
		# shellcheck disable=SC2086
		timeout 600 spatch -D report --no-show-diff --very-quiet --cocci-file "$1" \
			$options -I include -I arch/x86/include "${@:2}" 2>&1 || echo "$1 failed"
	}

	need spatch coccinelle
	kernel_tree
	# bnxt.c has 17,000 lines: one rule exhausts its stack there after ten minutes.
	echo "skipped: bnxt.c, of which the series changes few lines"
	mapfile -t files < <(series_files "$tree" 'drivers/*.[ch]' 'include/*.h' ':!*/bnxt.c')
	[ ${#files[@]} -gt 0 ]
	cd "$tree"
	grep -rlE 'virtual[[:space:]]+report' scripts/coccinelle | sort >"$work/rules"
	xargs grep -LE ':ocaml' <"$work/rules" >"$work/usable"
	[ -s "$work/usable" ]
	comm -23 "$work/rules" "$work/usable" | sed 's/.*/skipped: & needs an OCaml compiler/'
	export -f rule
	xargs -P "$(nproc)" -I RULE bash -c 'rule "$@"' - RULE "${files[@]}" \
		<"$work/usable" >"$work/found"
	cat "$work/found"
	absent ' failed$' "$work/found"
	no_findings_of_ours "$work/found"
	;;

# checkpatch --strict has no finding. The patches carry no Signed-off-by on purpose, and
# MAINTAINERS has the folders of their new files already. The tree has no history, so it lacks the
# commits that are fixed. Debian's python3 has the modules that checkpatch needs.
checkpatch)
	kernel_tree
	PATH=/usr/bin:/bin "$tree"/scripts/checkpatch.pl --root="$tree" --strict --no-signoff \
		--no-summary --terse --ignore FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID \
		"$top/kernel/$version"/*/0*.patch
	;;

# kernel-doc has no new warning on the files that the series touches. They have some without the
# series, so a tool that does not run fails the check.
kernel-doc)
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
	;;

# The NIC model's layouts of commands, keys and queues are those of this kernel's headers.
layout)
	kernel_tree
	tests/ifc/check.sh "$tree"
	;;
*) fail "no such check: $check" ;;
esac
