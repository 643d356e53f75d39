# SPDX-License-Identifier: GPL-2.0-or-later
# The series: it applies to both kernels, builds without a warning, and says what the NIC model believes.

kernel_dirs_touched=(drivers/pci/ drivers/dma-buf/ drivers/vfio/ drivers/infiniband/hw/mlx5/
	drivers/net/ethernet/mellanox/mlx5/)

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

# kernel_objects: what the series compiles; tph.c includes its tests
kernel_objects() {
	git -C "$tree" diff --name-only base -- '*.c' | grep ^drivers/ | grep -v '^drivers/pci/tph_kunit' | sed 's/c$/o/'
}

kernel_builds() {
	local build tree
	kernel_tree "$1" || return 1
	build=$(dirname "$tree")/check-$1
	mkdir -p "$build"
	cat kernel/lab.config kernel/series.config >"$build/wanted.config"
	make -s -C "$tree" O="$build" KCONFIG_ALLCONFIG="$build/wanted.config" allnoconfig || return 1
	make -s -C "$build" -j"$(nproc)" prepare || return 1
	make -C "$build" -j"$(nproc)" "${kernel_dirs_touched[@]}" 2>"$build/warnings" >/dev/null || { cat "$build/warnings"; return 1; }
	# shellcheck disable=SC2046
	make -C "$build" -j"$(nproc)" W=1 $(kernel_objects) 2>>"$build/warnings" >/dev/null || { cat "$build/warnings"; return 1; }
	cat "$build/warnings"
	[ ! -s "$build/warnings" ]
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
	check kernel-7.2 kernel_builds 7.2
	check kernel-checkpatch kernel_checkpatch
	check kernel-doc kernel_doc
	check kernel-layout kernel_layout 7.3
}
