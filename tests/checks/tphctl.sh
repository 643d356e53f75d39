# SPDX-License-Identifier: GPL-2.0-or-later
# tphctl as people use it: what it prints, its exit statuses, bad input, export in the guest; the installed library; the packages.

# tphctl of the builds with sanitizers, under both compilers
tphctl_builds=(build-gcc/tphctl/tphctl build-clang/tphctl/tphctl)

tphctl_golden() {
	local tphctl
	for tphctl in "${tphctl_builds[@]}"; do
		tests/golden/run "$tphctl" "${tphctl%/tphctl/tphctl}/tests/dumps" || return 1
	done
}

# Each key of the JSON stands in its description.
tphctl_schema() {
	local key status=0
	grep -hoE '"[a-z0-9_-]+": ?' tests/golden/*.out | tr -d ' :"' | sort -u >"$out/json-keys"
	"${tphctl_builds[0]}" bufs --json | jq -r '.. | objects | keys[]' | sort -u >>"$out/json-keys"
	while read -r key; do
		grep -q "\`$key\`" doc/tphctl-json.md || { echo "not in doc/tphctl-json.md: $key"; status=1; }
	done <"$out/json-keys"
	[ "$(wc -l <"$out/json-keys")" -gt 30 ] && return $status
}

# tphctl_fits TPHCTL [COMMAND]: its --help is no larger than a terminal.
tphctl_fits() {
	if [ "$("$@" --help | wc -l)" -gt 24 ] || [ "$("$@" --help | LC_ALL=C.UTF-8 wc -L)" -gt 80 ]; then
		echo "$* --help is too large for a screen"
		return 1
	fi
}

# What --help says, the manual and the completion have the same options.
tphctl_help() {
	local command option completed tphctl=${tphctl_builds[0]}
	tphctl_fits "$tphctl" || return 1
	for command in list show path export bufs; do
		tphctl_fits "$tphctl" $command || return 1
		completed=$(tphctl_complete tphctl $command --)
		for option in $("$tphctl" $command --help | grep -oE -- '--[a-z]+' | sort -u) --help; do
			grep -q -- "\*$option\*" man/tphctl-$command.1.scd || { echo "$option is not in man/tphctl-$command.1.scd"; return 1; }
			grep -qxF -- "$option" <<<"$completed" || { echo "$command $option is not completed"; return 1; }
		done
		while read -r option; do
			"$tphctl" $command --help | grep -qF -- "$option" || { echo "$option is not in $command --help"; return 1; }
		done < <(grep -vxE -- '--|--help' <<<"$completed")
	done
}

# Each function of the header is exported, with a version, and stands in the manual; and nothing else is exported.
tphctl_api() {
	local name status=0
	grep -oE '\btph_[a-z0-9_]+\(' <(grep -vE '^ ?\*|^/\*' include/tph/tph.h) | tr -d '(' | sort -u >"$out/api"
	nm -D --defined-only "${TPH_BUILD:-build}/libtph/libtph.so.0" | awk '$2 == "T" { print $3 }' | sed 's/@@LIBTPH_0$//' | sort |
		diff "$out/api" - || return 1
	while read -r name; do
		grep -qF "*$name*()" man/libtph.3.scd || grep -qF "*$name*" man/libtph.3.scd || { echo "not in man/libtph.3.scd: $name"; status=1; }
	done <"$out/api"
	[ "$(wc -l <"$out/api")" -gt 40 ] && return $status
}

# The manual pages are there, and groff has nothing to say about them.
tphctl_man() {
	local page said count=0
	command -v groff scdoc >/dev/null || skip "no groff or scdoc here"
	for page in man/*.scd; do
		said=$(scdoc <"$page" | groff -man -ww -z -Kutf8 -Tutf8 2>&1) || return 1
		[ -z "$said" ] || { printf '%s: %s\n' "$page" "$said"; return 1; }
		count=$((count + 1))
	done
	[ $count = 7 ]
}

# Colours on a terminal, which script is; none in a pipe, and none for who does not want them.
tphctl_colours() {
	local tphctl=${tphctl_builds[0]} escape=$'\033' dump=build-gcc/tests/dumps/switch.dump
	script -qec "env -u NO_COLOR TERM=xterm $tphctl list --dump $dump" "$out/colours" >/dev/null && grep -q "$escape" "$out/colours" || return 1
	script -qec "env NO_COLOR=1 TERM=xterm $tphctl list --dump $dump" "$out/colours" >/dev/null && ! grep -q "$escape" "$out/colours" || return 1
	! TERM=xterm "$tphctl" list --dump $dump | grep -q "$escape"
}

# tphctl_complete WORD…: what bash offers for the last one
tphctl_complete() (
	. tphctl/tphctl.bash
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_tphctl
	printf '%s\n' "${COMPREPLY[@]}"
)

tphctl_completion() {
	local device
	[ "$(tphctl_complete tphctl sh)" = show ] && [ "$(tphctl_complete tphctl path --width 1)" = 16 ] &&
		[ "$(tphctl_complete tphctl export --ph target- | head -n 1)" = target-priority ] || return 1
	# As bash splits it: the colons are words of their own, and only what is behind the last is replaced.
	device=$(basename "$(compgen -G '/sys/bus/pci/devices/*' | head -n 1)")
	[ -n "$device" ] || skip "no PCI functions here"
	[ "$(tphctl_complete tphctl show "${device%%:*}" : "${device:5:2}" : "${device:8:3}")" = "${device##*:}" ]
}

# tphctl_says PATTERN STATUS ARGUMENT…: it fails so under both compilers, in one line on standard error.
tphctl_says() {
	local pattern=$1 expected=$2 tphctl
	shift 2
	for tphctl in "${tphctl_builds[@]}"; do
		says "^tphctl: $pattern" "$expected" "$tphctl" "$@" || return 1
		"$tphctl" "$@" >"$out/stdout" 2>"$out/stderr" </dev/null
		if [ -s "$out/stdout" ] || [ "$(wc -l <"$out/stderr")" != 1 ]; then
			echo "more than one line, or not on standard error"
			return 1
		fi
	done
}

tphctl_usage() {
	tphctl_says 'no such command: lst; it is one of' 2 lst &&
		tphctl_says '--json: options come after the command' 2 --json list &&
		tphctl_says 'list: no such option: --fast; see tphctl list --help' 2 list --fast &&
		tphctl_says 'list: it takes no 0000:00:00.0' 2 list 0000:00:00.0 &&
		tphctl_says 'list: --dump needs a value' 2 list --dump &&
		tphctl_says 'show: it takes one BDF' 2 show &&
		tphctl_says 'path: it takes an IMPORTER and an EXPORTER' 2 path 00:00.0 &&
		tphctl_says 'path: --width 12: it is 8 or 16' 2 path 00:00.0 00:01.0 --width 12 &&
		tphctl_says 'bufs: no such option: --dump' 2 bufs --dump x
}

tphctl_dump_input() {
	local dump=$out/dump.txt
	tphctl_says 'list: cannot read the dump /nonexistent: No such file or directory; lspci -D -xxxx writes one' 1 list --dump /nonexistent &&
		printf 'nothing\n' >"$dump" && tphctl_says 'list: cannot read the dump .*: ' 1 list --dump "$dump" &&
		printf '00:01.0 x\n00: zz\n' >"$dump" && tphctl_says 'list: cannot read the dump .*line 2' 1 list --dump "$dump" &&
		: >"$dump" && tphctl_says 'list: cannot read the dump .*: there is no function in it' 1 list --dump "$dump" &&
		tphctl_says 'list: cannot read the dump .*: (Is a directory|Input/output error); lspci' 1 list --dump "$out"
}

tphctl_addresses() {
	local dump=$out/dump.txt bdf
	printf '0001:01:00.0 x\n00: %s\n' '86 80 01 00 00 00 00 00 00 00 00 00 00 00 00 00' >"$dump"
	for bdf in x 0000:01:00 1:2:3:4.5 01:20.0 01:00.8 01:00.0x '' -; do
		tphctl_says "show: .*is no address of a function: write it as 0000:01:00.0" 2 show "$bdf" --dump "$dump" || return 1
	done
	tphctl_says 'show: there is no function 0000:02:00.0; the dump has them all' 1 show 02:00.0 --dump "$dump" &&
		tphctl_says 'show: there is no function 0000:01:00.0: domain 0000 has none there, but there is 0001:01:00.0' 1 show 01:00.0 --dump "$dump" &&
		tphctl_says 'path: there is no function 0000:09:00.0' 1 path 0001:01:00.0 09:00.0 --dump "$dump" &&
		tphctl_says 'show: there is no function 0000:ff:1f.7; lspci -D has them all' 1 show ff:1f.7 &&
		tphctl_says 'export: there is no function ffff:ff:1f.7' 125 export ffff:ff:1f.7 --bar 0 --offset 0 --length 4K --st 1 --ph target -- true
}

tphctl_export_words() {
	local some=(export 00:00.0 --bar 0 --offset 0 --length 4K)
	tphctl_says 'export: --st is missing' 125 "${some[@]}" --ph target -- true &&
		tphctl_says 'export: --st 0x100: a tag of 8 bits is 0 to 0xff; --ext is for those of 16' 125 "${some[@]}" --st 0x100 --ph target -- true &&
		tphctl_says 'export: --st 0x10000: a tag of 16 bits is 0 to 0xffff' 125 "${some[@]}" --st 0x10000 --ext --ph target -- true &&
		tphctl_says 'export: --st -1: ' 125 "${some[@]}" --st -1 --ph target -- true &&
		tphctl_says 'export: --st 5a: ' 125 "${some[@]}" --st 5a --ph target -- true &&
		tphctl_says 'export: --ph hot: it is one of bidirectional requester target target-priority' 125 "${some[@]}" --st 1 --ph hot -- true &&
		tphctl_says 'export: --bar 6: a BAR is 0 to 5' 125 "${some[@]}" --bar 6 --st 1 --ph target -- true &&
		tphctl_says 'export: --offset 4Q: ' 125 "${some[@]}" --offset 4Q --st 1 --ph target -- true &&
		tphctl_says 'export: --length 0: ' 125 "${some[@]}" --length 0 --st 1 --ph target -- true &&
		tphctl_says 'export: --length 99999999T: ' 125 "${some[@]}" --length 99999999T --st 1 --ph target -- true &&
		tphctl_says 'export: it takes a BDF, and behind -- the command' 125 "${some[@]}" --st 1 --ph target
}

# A reader that cannot keep what it is told.
tphctl_full_disk() {
	local tphctl
	for tphctl in "${tphctl_builds[@]}"; do
		says '^tphctl: cannot write the output' 1 sh -c '"$1" bufs --json >/dev/full' - "$tphctl" || return 1
	done
}

# Without root: nothing is guessed, everything is said to be unknown.
tphctl_no_root() {
	local dir status=0
	[ "$(id -u)" = 0 ] || skip "not root, so nothing to give up"
	compgen -G '/sys/bus/pci/devices/*' >/dev/null || skip "no PCI functions here"
	dir=$(mktemp -d)
	tphctl_as_nobody "$dir" || status=1
	rm -rf "$dir"
	return $status
}

# The build may lie where nobody else can look: a copy, with the library beside it.
tphctl_as_nobody() {
	local run=(setpriv --reuid 65534 --clear-groups env "LD_LIBRARY_PATH=$1" "$1/tphctl")
	cp "${TPH_BUILD:-build}/tphctl/tphctl" "${TPH_BUILD:-build}/libtph/libtph.so.0" "$1" && chmod -R a+rX "$1" || return 1
	says '^tphctl: list: [0-9]+ of [0-9]+ cannot be seen whole: run as root' 0 "${run[@]}" list &&
		says '^tphctl: bufs: processes that could not be looked into: [0-9]+; run as root' 0 "${run[@]}" bufs &&
		"${run[@]}" list --json 2>/dev/null | jq -e 'any(.functions[]; .requester.seen == "not-visible")'
}

# A /proc whose processes choose names that a terminal or a program would take for something else.
tphctl_hostile_proc() {
	local dir status=0
	[ "$(id -u)" = 0 ] && unshare -m true || skip "needs root and mount namespaces"
	dir=$(mktemp -d)
	mkdir -p "$dir/5/fdinfo"
	printf 'evil\302\2331m\177\n' >"$dir/5/comm"
	printf 'ino:\t9\nsize:\t4096\ncount:\t1\nexp_name:\tsystem\nname:\t\342\200\256\033[31m\377\nino:\t1\n' \
		>"$dir/5/fdinfo/3"
	# Without /proc the loader does not find what lies beside the program.
	LD_LIBRARY_PATH=$(realpath "${TPH_BUILD:-build}/libtph") unshare -m sh -c \
		'mount --bind "$1" /proc && "$2" bufs && "$2" bufs --json' - "$dir" \
		"${TPH_BUILD:-build}/tphctl/tphctl" >"$out/hostile" || status=1
	rm -rf "$dir"
	cat "$out/hostile"
	[ $status = 0 ] && grep -q 'evil?1m? 5, fd 3' "$out/hostile" && grep -qF '"name": "??[31m?"' "$out/hostile" &&
		! LC_ALL=C grep -q '[^ -~]' <(tr -d '\n' <"$out/hostile" | sed 's/└─//g') &&
		tphctl_says 'no such command: a\?b\?c; ' 2 $'a\033b\nc'
}

# Processes that end while they are looked into.
tphctl_dead_process() {
	local tphctl=${tphctl_builds[0]} n
	(while :; do /bin/true; done) &
	local pid=$!
	for ((n = 0; n < 100; n++)); do
		"$tphctl" bufs --json >"$out/bufs.json" 2>"$out/bufs.err" || break
		# Containers hide a process even from root.
		! grep -v 'could not be looked into' "$out/bufs.err" || break
		jq -e '.buffers | type == "array"' "$out/bufs.json" >/dev/null || break
	done
	kill $pid
	wait $pid 2>/dev/null
	[ $n = 100 ]
}

# ---- in the guest ----

# tphctl_guest NAME OPTION…: a test of tests/checks/tphctl-guest with its arguments, options of the lab
tphctl_guest() {
	local call
	read -ra call <<<"$1"
	shift
	in_guest --share tests/checks "$@" -- /mnt/share/tphctl-guest "${call[@]}"
}

# What one NIC wrote into the other's BAR arrived there, all of it, and without a hint.
tphctl_nic_to_nic() {
	local trace=$out/nic-to-nic.pcap
	tphctl_guest nic_to_nic "$@" --trace "$trace" || return 1
	trace_shark "$trace" -Y 'tph.from == "nic0" && tph.to == "nic1" && tph.type == "MWr"' -T fields -e tph.len -e tph.th |
		awk '{ bytes += $1; hinted += $2 } END { print NR, "TLPs,", bytes, "bytes,", hinted, "hinted"; exit bytes != 65536 || hinted }'
}

# ---- installed ----

tphctl_installed() {
	local dir status=0
	dir=$(mktemp -d)
	tphctl_install_to "$dir" || status=1
	rm -rf "$dir"
	return $status
}

# tphctl_headers DIR: each compiles alone, in C and in C++, with nothing before it.
tphctl_headers() {
	local header
	for header in tph vfio_tph; do
		gcc -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$1" -x c - <<<"#include <tph/$header.h>" &&
			clang -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$1" -x c - <<<"#include <tph/$header.h>" &&
			g++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only -I"$1" -x c++ - <<<"#include <tph/$header.h>" || return 1
	done
}

tphctl_install_to() {
	local dir=$1 file libdir
	{ meson setup "$dir/build" --prefix /usr && ninja -C "$dir/build" && DESTDIR=$dir/root meson install -C "$dir/build" --no-rebuild; } \
		>"$out/install.log" 2>&1 || { tail -n 20 "$out/install.log"; return 1; }
	for file in bin/tphctl include/tph/tph.h include/tph/vfio_tph.h share/doc/tphctl/tphctl-json.md share/bash-completion/completions/tphctl \
		share/man/man3/libtph.3 share/man/man1/tphctl{,-list,-show,-path,-export,-bufs}.1; do
		[ -e "$dir/root/usr/$file" ] || { echo "not installed: $file"; return 1; }
	done
	libdir=$(dirname "$(find "$dir/root" -name libtph.pc)")/..
	tphctl_headers "$dir/root/usr/include" || return 1
	awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' README.md >"$dir/program.c"
	[ -s "$dir/program.c" ] || { echo "README.md has no program in C"; return 1; }
	export PKG_CONFIG_SYSROOT_DIR=$dir/root PKG_CONFIG_PATH=$libdir/pkgconfig
	# shellcheck disable=SC2046
	gcc -std=c11 -Wall -Wextra -Werror "$dir/program.c" -o "$dir/program" $(pkg-config --cflags --libs libtph) || return 1
	export LD_LIBRARY_PATH=$libdir
	"$dir/program" && "$dir/root/usr/bin/tphctl" --version | grep -qx "tphctl $(pkg-config --modversion libtph)"
}

# ---- packages ----

# Builds in a copy of what git knows and does not ignore; lintian says nothing that is an error.
tphctl_packages() {
	local dir status=0 tool
	for tool in dh lintian; do
		command -v $tool >/dev/null || skip "no $tool here: apt-get install debhelper lintian"
	done
	dir=$(mktemp -d)
	mkdir "$dir/dmabuf-tph"
	git ls-files -zco --exclude-standard | xargs -0 cp --parents -t "$dir/dmabuf-tph" && tphctl_packages_in "$dir" || status=1
	rm -rf "$dir"
	return $status
}

tphctl_packages_in() {
	local package
	if ! (cd "$1/dmabuf-tph" && dpkg-buildpackage -us -uc -j"$(nproc)") >"$out/dpkg-buildpackage.log" 2>&1; then
		tail -n 20 "$out/dpkg-buildpackage.log"
		return 1
	fi
	for package in libtph0 libtph-dev tphctl; do
		compgen -G "$1/${package}_*.deb" >/dev/null || { echo "no package $package"; return 1; }
	done
	lintian --allow-root --fail-on error "$1"/*.changes
}

tphctl_checks() {
	check tphctl-golden tphctl_golden
	check tphctl-schema tphctl_schema
	check tphctl-help tphctl_help
	check tphctl-api tphctl_api
	check tphctl-man tphctl_man
	check tphctl-colours tphctl_colours
	check tphctl-completion tphctl_completion
	check tphctl-usage tphctl_usage
	check tphctl-dump-input tphctl_dump_input
	check tphctl-addresses tphctl_addresses
	check tphctl-export-words tphctl_export_words
	check tphctl-full-disk tphctl_full_disk
	check tphctl-no-root tphctl_no_root
	check tphctl-hostile-proc tphctl_hostile_proc
	check tphctl-dead-process tphctl_dead_process
	check tphctl-export tphctl_guest export_wide
	check tphctl-export-group tphctl_guest export_group
	check tphctl-export-noiommu tphctl_guest export_both --iommu none
	check tphctl-export-input tphctl_guest bad_input
	check tphctl-export-8 tphctl_guest narrow --accel-tph 8
	check tphctl-export-none tphctl_guest no_completer --accel-tph none
	check tphctl-export-plain tphctl_guest no_series --kernel 7.3-plain
	check tphctl-path-switch tphctl_guest path_guaranteed
	check tphctl-path-direct tphctl_guest path_guaranteed --nic-st-table none
	check tphctl-path-acs tphctl_guest path_acs
	check tphctl-path-kept tphctl_guest path_kept --topology rciep --host-bridge-hints keep
	check tphctl-path-dropped tphctl_guest path_dropped --topology rciep
	check tphctl-path-rootport tphctl_guest path_root_port --topology rootport
	check tphctl-pairs tphctl_guest 'pairs_are 4 0 0' --accels 2
	check tphctl-pairs-switches tphctl_guest 'pairs_are 2 0 2' --accels 2 --topology switches
	check tphctl-pairs-kept tphctl_guest 'pairs_are 0 4 0 yes' --accels 2 --topology rciep --host-bridge-hints keep
	check tphctl-pairs-dropped tphctl_guest 'pairs_are 0 4 0 no' --accels 2 --topology rciep
	check tphctl-pairs-rootport tphctl_guest 'pairs_are 0 0 4' --accels 2 --topology rootport
	check tphctl-pairs-acs-one tphctl_guest pairs_acs_one --accels 2
	check tphctl-pairs-acs-root tphctl_guest pairs_acs_root --accels 2 --topology switches
	check tphctl-nic-to-nic tphctl_nic_to_nic
	check tphctl-nic-to-nic-switches tphctl_nic_to_nic --topology switches
	check tphctl-dead-holder tphctl_guest dead_holder
	check tphctl-installed tphctl_installed
	check tphctl-packages tphctl_packages
}
