# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For checks of the kernel series: the tree with it, and a folder where what it touches is built.
. "$(dirname "${BASH_SOURCE[0]}")/check.sh"
. "$(dirname "${BASH_SOURCE[0]}")/series.sh"

version=7.3

# Sets tree, or skips where the mirror has no such kernel.
kernel_tree() {
	local status=0
	lab/tphlab kernel-tree --kernel $version >"$work/kernel-tree" 2>"$work/kernel-tree.err" ||
		status=$?
	if [ $status != 0 ]; then
		cat "$work/kernel-tree.err"
		grep -q "no package linux-source" "$work/kernel-tree.err" || return 1
		skip "$(tail -n 1 "$work/kernel-tree.err")"
	fi
	tree=$(tail -n 1 "$work/kernel-tree")
	[ -d "$tree" ]
}

# kernel_configured BUILD MAKE-VARIABLE…: a build folder with the lab's configuration
kernel_configured() {
	{
		cat kernel/lab.config kernel/series.config
		printf '%s\n' "${kernel_without_device[@]}"
	} | configured "$tree" "$1" "${@:2}"
	make -s -C "$1" -j"$(nproc)" "${@:2}" prepare
}

# kernel_make BUILD ARGUMENT…: what goes to stderr is in $work/warnings, and is printed on failure.
kernel_make() {
	local status=0
	make -C "$1" -j"$(nproc)" "${@:2}" 2>"$work/warnings" >/dev/null || status=$?
	[ $status = 0 ] || cat "$work/warnings"
	return $status
}

# Sets tree and kernel_build, where the touched directories are built by gcc, one check at a time.
kernel_touched() {
	local lock
	kernel_tree
	kernel_build=${tree%/*}/check-$version
	exec {lock}>"$kernel_build.lock"
	flock "$lock"
	kernel_configured "$kernel_build"
	series_forget "$tree" "$kernel_build"
	kernel_make "$kernel_build" "${kernel_dirs_touched[@]}"
	series_built "$tree" "$kernel_build"
	series_objects "$tree" "$kernel_build" >"$work/objects"
	[ -s "$work/objects" ]
	exec {lock}>&-
}

# no_findings_of_ours FILE: this output of a compiler or checker names no line that the series adds.
no_findings_of_ours() {
	findings "$tree" <"$1" | findings_ours "$tree" >"$work/ours"
	empty "$work/ours"
}
