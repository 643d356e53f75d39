# SPDX-License-Identifier: GPL-2.0-or-later
# Checks that need no guest: format, scripts, unit tests under both compilers and the sanitizers.

host_packages() {
	# The lab's own list is installed by its setup; this adds what only checks need.
	lab=$PWD/lab cache=${TPH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dmabuf-tph}
	. lab/lib/say.sh && . lab/lib/packages.sh
	packages_ensure tests/packages
}

# host_unit COMPILER
host_unit() {
	local build=build-$1
	[ -e "$build/build.ninja" ] || CC=$1 meson setup "$build" -Db_sanitize=address,undefined \
		-Db_lundef=false || return 1
	ninja -C "$build" && meson test -C "$build" --print-errorlogs
}

# host_fuzz SECONDS: of each fuzzer, from its corpus on. A few say that it builds, that the corpus does no
# harm and that nothing is found at once; finding is for longer runs.
host_fuzz() {
	local build=build-fuzz name
	[ -e "$build/build.ninja" ] || CC=clang meson setup "$build" -Dfuzz=true -Db_lundef=false || return 1
	ninja -C "$build" || return 1
	for name in tlp vfio_user accel cx libtph command; do
		rm -rf "$out/fuzz-$name" && mkdir "$out/fuzz-$name" || return 1
		tests/fuzz/corpus.sh unpack "$name" "$out/corpus-$name" || return 1
		"$build/tests/fuzz/${name}_fuzz" -max_total_time="$1" -max_len=9000 -timeout=10 \
			-artifact_prefix="$out/" "$out/fuzz-$name" "$out/corpus-$name" || return 1
	done
}

host_checks() {
	check host-packages host_packages
	check host-format tests/lint/format.sh
	check host-scripts tests/lint/shellcheck.sh
	check host-spdx tests/lint/spdx.sh
	check host-codespell tests/lint/codespell.sh
	check host-unit-gcc host_unit gcc
	check host-unit-clang host_unit clang
	check host-fuzz host_fuzz 5
}
