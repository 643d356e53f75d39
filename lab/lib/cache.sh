# SPDX-License-Identifier: GPL-2.0-or-later
# The folder $cache: results that take long to make, kept for the next run. The lab runs programs
# in it.

# cache_check: the folder exists, the kernel's build can have its name, and no other user may write
# to it.
cache_check() {
	local owner mode
	[[ $cache != *[[:space:]:]* ]] ||
		die "the cache $cache has a blank or a colon in its name, which the kernel's" \
			"build does not accept: set TPH_CACHE to another folder"
	mkdir -p "$cache" 2>/dev/null ||
		die "cannot create the cache $cache: set TPH_CACHE to a folder you may write"
	read -r owner mode < <(stat -L -c '%u %a' "$cache")
	[ "$owner" = "$(id -u)" ] || [ "$owner" = 0 ] ||
		die "the cache $cache is of user $(id -nu "$owner" 2>/dev/null || echo "$owner")," \
			"and the lab runs programs in it: set TPH_CACHE to a folder of your own"
	[ $((8#$mode & 8#22)) = 0 ] ||
		die "the cache $cache can be written by others, and the lab runs programs in it:" \
			"chmod go-w $cache, or set TPH_CACHE to another folder"
}

# One tphlab at a time: two would overwrite each other's incomplete files.
cache_lock() {
	cache_check
	{ exec 9>"$cache/lock"; } 2>/dev/null ||
		die "cannot write to the cache $cache: set TPH_CACHE to a folder you may write"
	flock -n 9 || {
		say "waiting for another tphlab that uses $cache"
		flock 9
	}
}

cache_unlock() {
	exec 9>&-
}

# cache_keep COUNT PATTERN: removes all but the newest COUNT of the files that match.
cache_keep() {
	find "$cache" -maxdepth 1 -name "$2" -printf '%T@ %p\0' | sort -z -rn |
		tail -z -n "+$(($1 + 1))" | cut -z -d ' ' -f 2- | xargs -0 -r rm -f
}
