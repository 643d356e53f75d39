# SPDX-License-Identifier: GPL-2.0-or-later
# The project's own programs: fabricd for this machine, examples and tests for the guest.

# Sets build: where they are.
programs_ensure() {
	build=${TPH_BUILD:-$top/build}
	if [ ! -e "$build/build.ninja" ]; then
		say "configuring"
		run_logged "$cache/meson.log" meson setup "$build" "$top" ||
			die "cannot configure our programs in $build: see $cache/meson.log;" \
				"remove that folder to configure from the start"
	fi
	run_logged "$cache/ninja.log" ninja -C "$build" ||
		die "our programs do not build in $build: see $cache/ninja.log"
}
