# SPDX-License-Identifier: GPL-2.0-or-later
# The series: it applies, builds without a warning, and says what the NIC model believes.

. tests/lib/series.sh

kernel_tree_of() {
	lab/tphlab kernel-tree --kernel "$1" 2>"$out/kernel-tree" | tail -n 1
}

# kernel_tree VERSION: sets tree, or skips where the mirror has no such kernel.
kernel_tree() {
	tree=$(kernel_tree_of "$1")
	if [ ! -d "$tree" ]; then
		! grep -q "no package linux-source" "$out/kernel-tree" || skip "$(tail -n 1 "$out/kernel-tree")"
		cat "$out/kernel-tree"
		return 1
	fi
}

# kernel_configured BUILD MAKE-VARIABLE…: an own build folder with the lab's configuration
kernel_configured() {
	mkdir -p "$1"
	cat kernel/lab.config kernel/series.config >"$1/wanted.config"
	make -s -C "$tree" O="$1" KCONFIG_ALLCONFIG="$1/wanted.config" "${@:2}" allnoconfig &&
		make -s -C "$1" -j"$(nproc)" "${@:2}" prepare
}

# kernel_touched VERSION: sets tree and build, where the touched directories are built; no warning.
kernel_touched() {
	kernel_tree "$1" || return 1
	build=$(dirname "$tree")/check-$1
	kernel_configured "$build" || return 1
	make -C "$build" -j"$(nproc)" "${kernel_dirs_touched[@]}" 2>"$build/warnings" >/dev/null || { cat "$build/warnings"; return 1; }
	series_built "$tree" "$build"
}

kernel_builds() {
	local build tree
	kernel_touched "$1" || return 1
	series_objects "$tree" "$build" | xargs make -C "$build" -j"$(nproc)" W=1 2>>"$build/warnings" >/dev/null || { cat "$build/warnings"; return 1; }
	cat "$build/warnings"
	[ ! -s "$build/warnings" ]
}

# The second compiler, on the same objects.
kernel_clang() {
	local build tree clang
	kernel_touched 7.3 || return 1
	clang=$build-clang
	kernel_configured "$clang" CC="$kernel_clang" || return 1
	series_objects "$tree" "$build" | xargs make -C "$clang" -j"$(nproc)" CC="$kernel_clang" W=1 2>"$clang/warnings" >/dev/null ||
		{ cat "$clang/warnings"; return 1; }
	! findings "$tree" <"$clang/warnings" | findings_ours "$tree" | grep .
}

# C=2: also on objects that are up to date. Linux writes __typeof_unqual__ for sparse, which Debian's does not know,
# and that one takes each MODULE_LICENSE and the like for a bad constant expression. What it cannot read it does
# not check, so any other error counts wherever it is.
kernel_sparse() {
	local build tree
	kernel_touched 7.3 || return 1
	series_objects "$tree" "$build" | xargs make -C "$build" -j"$(nproc)" W=1 C=2 CF=-D__typeof_unqual__=__typeof__ \
		2>"$build/sparse" >/dev/null || { cat "$build/sparse"; return 1; }
	grep -v 'error: bad constant expression' "$build/sparse" >"$out/sparse"
	! grep -E 'error: |not up to date' "$out/sparse" || return 1
	! findings "$tree" <"$out/sparse" | findings_ours "$tree" | grep .
}

# coccinelle_rule RULE FILE…: in a kernel's source folder
coccinelle_rule() {
	local options
	options=$(sed -n 's|^// *Options:||p' "$1")
	# shellcheck disable=SC2086
	spatch -D report --no-show-diff --very-quiet --cocci-file "$1" $options -I include -I arch/x86/include "${@:2}" 2>&1 ||
		echo "$1 failed"
}

# Every semantic patch of the kernel that can report, on the files that the series touches: make coccicheck
# wants whole directories, which takes an hour.
kernel_coccicheck() {
	local tree files found=$out/coccicheck
	kernel_tree 7.3 || return 1
	mapfile -t files < <(series_files "$tree" 'drivers/*.[ch]' 'include/*.h')
	export -f coccinelle_rule
	(cd "$tree" && grep -rlE ':ocaml' scripts/coccinelle) | sed 's/.*/skipped: &: it is written in OCaml, whose compiler is not here/'
	(cd "$tree" && grep -rlE 'virtual[[:space:]]+report' scripts/coccinelle | xargs grep -LE ':ocaml' |
		xargs -P "$(nproc)" -I RULE bash -c 'coccinelle_rule "$@"' - RULE "${files[@]}") >"$found"
	cat "$found"
	! grep ' failed$' "$found" && ! findings "$tree" <"$found" | findings_ours "$tree" | grep .
}

# The patches carry no Signed-off-by on purpose, and MAINTAINERS has their new files' folders already.
# Debian's own python3, for the modules that checkpatch wants.
kernel_checkpatch() {
	local tree
	kernel_tree 7.3 || return 1
	PATH=/usr/bin:/bin "$tree"/scripts/checkpatch.pl --root="$tree" --strict --no-signoff --no-summary --terse \
		--ignore FILE_PATH_CHANGES "$PWD"/kernel/7.3/0*.patch
}

# kernel_doc_warnings DIR FILE…: without line numbers
kernel_doc_warnings() {
	(cd "$1" && shift && "$tree/tools/docs/kernel-doc" -none -Wall "$@" 2>&1) | sed 's/:[0-9][0-9]* / /' | sort -u
}

# What the series documents, kernel-doc understands: the files it touches give no warning that they did not give
# before. They did give some, so a tool that does not run is not taken for one that is content.
kernel_doc() {
	local tree old=$out/kernel-doc files
	kernel_tree 7.3 || return 1
	rm -rf "$old" && mkdir -p "$old" || return 1
	mapfile -t files < <(git -C "$tree" diff --name-only --diff-filter=M base -- '*.c' '*.h')
	git -C "$tree" archive base -- "${files[@]}" | tar -x -C "$old" || return 1
	kernel_doc_warnings "$old" "${files[@]}" >"$out/kernel-doc.old"
	[ -s "$out/kernel-doc.old" ] || { echo "no warning at all: did it run?"; return 1; }
	mapfile -t files < <(git -C "$tree" diff --name-only base -- '*.c' '*.h')
	! kernel_doc_warnings "$tree" "${files[@]}" | comm -13 "$out/kernel-doc.old" - | grep .
}

# What the NIC model believes of commands, keys and queues is what this kernel's headers say.
kernel_layout() {
	local tree
	kernel_tree "$1" || return 1
	tests/ifc/check.sh "$tree"
}

kernel_checks() {
	check kernel-7.3 kernel_builds 7.3
	check kernel-clang kernel_clang
	check kernel-sparse kernel_sparse
	check kernel-coccicheck kernel_coccicheck
	check kernel-checkpatch kernel_checkpatch
	check kernel-doc kernel_doc
	check kernel-layout kernel_layout 7.3
}
