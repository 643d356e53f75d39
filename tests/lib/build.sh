# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For checks that need a build of their own, made once and then brought up to date.

# Clang, the sanitizers for addresses and undefined behaviour, and the fuzzers.
sanitized=$top/build-sanitized

# build_sanitized [TARGET…]: configures and builds; several checks may ask for it at once.
build_sanitized() {
	local lock
	exec {lock}>"$sanitized.lock"
	flock "$lock"
	[ -e "$sanitized/build.ninja" ] || CC=clang meson setup --native-file build-dev.ini \
		-Dfuzz=true -Db_lundef=false "$sanitized"
	ninja -C "$sanitized" "$@"
	exec {lock}>&-
}
