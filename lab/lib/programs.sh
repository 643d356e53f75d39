# SPDX-License-Identifier: GPL-2.0-or-later
# Our own programs: fabricd for this machine, examples and tests for the guest.

# Sets build: where they are.
programs_ensure() {
	build=${TPH_BUILD:-$top/build}
	if [ ! -e "$build/build.ninja" ]; then
		say "configuring"
		run_logged "$cache/meson.log" meson setup -Dwerror=false "$build" "$top" || die "meson failed: see $cache/meson.log"
	fi
	run_logged "$cache/ninja.log" ninja -C "$build" || die "the build failed: see $cache/ninja.log"
}
