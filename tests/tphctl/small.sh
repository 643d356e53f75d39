#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks of the command that are a few lines each.
# usage: small.sh CHECK
. "$(dirname "$0")/../lib/tphctl.sh"

check=$1
case $check in
# --help, the manual and the completion have the same options, and --help fits a terminal.
help)
	# help_of [COMMAND]: its text, no larger than a terminal
	help_of() {
		"$tphctl" "$@" --help >"$work/help"
		[ "$(wc -l <"$work/help")" -le 24 ]
		[ "$(wc -L <"$work/help")" -le 80 ]
	}

	# same COMMAND
	same() {
		local option completed options manual=man/tphctl-$1.1.scd
		help_of "$1"
		completed=$(tphctl_complete tphctl "$1" --)
		options=$(grep -oE -- '--[a-z]+' "$work/help" | sort -u)
		for option in $options --help; do
			grep -q -- "\*$option\*" "$manual" || fail "$option is not in $manual"
			grep -qxF -- "$option" <<<"$completed" || fail "$1 $option is not completed"
		done
		for option in $completed; do
			[[ $option =~ ^(--|--help)$ ]] || grep -qF -- "$option" "$work/help" ||
				fail "$option is not in $1 --help"
		done
		sed -n '/^# SEE ALSO/,$p' man/tphctl.1.scd | grep -qF "*tphctl-$1*(1)" ||
			fail "tphctl(1) does not refer to $manual"
		# Exit statuses that a command shares with path
		if grep -qx '|  3' "$manual"; then
			grep -A 1 '^|  3, 4, 5$' man/tphctl.1.scd | grep -qF "*$1*" ||
				fail "3, 4, 5 of $1 are not in tphctl(1)"
		fi
	}

	help_of
	for command in doctor list show path export bufs watch; do
		same $command
	done
	;;

# Wrong arguments end with status 2 and a line that says what would be right.
usage)
	tphctl_says 'no such command: lst; it is one of' 2 lst
	tphctl_says '--json: options come after the command' 2 --json list
	tphctl_says 'list: no such option: --fast; see tphctl list --help' 2 list --fast
	tphctl_says 'list: no such option: -x; see' 2 list --all -x
	tphctl_says 'list: no such option: -x; see' 2 list --all -xh
	tphctl_says 'list: no such option: --json=5; see' 2 list --json=5
	tphctl_says 'list: it takes no 0000:00:00.0' 2 list 0000:00:00.0
	tphctl_says 'list: --dump needs a value' 2 list --dump
	tphctl_says 'show: it takes one NAME' 2 show
	tphctl_says 'path: it takes an IMPORTER and an EXPORTER' 2 path 00:00.0
	tphctl_says 'path: --width 12: it is 8 or 16' 2 path 00:00.0 00:01.0 --width 12
	tphctl_says 'bufs: no such option: --dump' 2 bufs --dump x
	;;

# Commands, arguments and functions of this machine are completed. bash splits words at colons, and
# replaces only the text behind the last.
completion)
	# completes EXPECTED WORD…: the first that is offered
	completes() {
		local expected=$1 offered
		shift
		offered=$(tphctl_complete tphctl "$@")
		[ "${offered%%$'\n'*}" = "$expected" ] || fail "$*: '$offered', not '$expected'"
	}

	completes show sh
	completes 16 path --width 1
	completes target-priority export --ph target-
	device=$(basename "$(compgen -G '/sys/bus/pci/devices/*' | head -n 1 || :)")
	[ -n "$device" ] || skip "no PCI functions here"
	completes "${device##*:}" show "${device%%:*}" : "${device:5:2}" : "${device:8:3}"
	;;

# Each manual page is formatted without a warning of groff's.
manual)
	need groff groff
	need scdoc scdoc
	pages=(man/*.scd)
	[ ${#pages[@]} -ge 7 ]
	for page in "${pages[@]}"; do
		scdoc <"$page" >"$work/page"
		groff -man -ww -z -Kutf8 -Tutf8 "$work/page" >"$work/said" 2>&1
		empty "$work/said"
	done
	;;

# Each function of the header is exported, with a version, and is in the manual; nothing else is
# exported.
api)
	grep -vE '^ ?\*|^/\*' include/tph/tph.h | grep -oE '\btph_[a-z0-9_]+\(' | tr -d '(' |
		sort -u >"$work/api"
	[ "$(wc -l <"$work/api")" -gt 40 ]
	nm -D --defined-only "$build/libtph/libtph.so.0" | awk '$2 == "T" { print $3 }' |
		sed 's/@@LIBTPH_0$//' | sort >"$work/exported"
	diff "$work/api" "$work/exported"
	while read -r name; do
		grep -qE "\*$name(\(\))?\*" man/libtph.3.scd ||
			echo "not in man/libtph.3.scd: $name"
	done <"$work/api" >"$work/missing"
	empty "$work/missing"
	;;

# Arguments that are no address of a function, and addresses of functions that do not exist.
addresses)
	dump=$work/dump
	printf '0001:01:00.0 x\n00: %s\n' '86 80 01 00 00 00 00 00 00 00 00 00 00 00 00 00' >"$dump"
	for bdf in x 0000:01:00 1:2:3:4.5 01:20.0 01:00.8 01:00.0x '' -; do
		tphctl_says \
			'show: .*is not the address of a function: write it as 0000:01:00.0, a' \
			2 show "$bdf" --dump "$dump"
	done
	missing='there is no function'
	tphctl_says "show: $missing 0000:02:00.0; the dump has them all" 1 \
		show 02:00.0 --dump "$dump"
	tphctl_says "show: $missing 0000:02:00.0; the dump has them all" 1 \
		show /sys/bus/pci/devices/0000:02:00.0 --dump "$dump"
	tphctl_says "show: $missing 0000:01:00.0: domain 0000 has none there, but there is 0001:" \
		1 show 01:00.0 --dump "$dump"
	tphctl_says "path: $missing 0000:09:00.0" 1 path 0001:01:00.0 09:00.0 --dump "$dump"
	tphctl_says "show: $missing 0000:ff:1f.7; lspci -D has them all" 1 show ff:1f.7
	tphctl_says "export: $missing ffff:ff:1f.7" 125 \
		export ffff:ff:1f.7 --bar 0 --offset 0 --length 4K --st 1 --ph target -- true
	;;

# A dump in which there is nothing to read: one line that says what it is and what to do. What can
# be read in part is in the golden tests.
dump-input)
	# refused PATTERN FILE
	refused() {
		tphctl_says "list: cannot read the dump $1" 1 list --dump "$2"
	}

	dump=$work/dump
	refused '/nonexistent: No such file or directory; lspci -D -xxxx writes one' /nonexistent
	printf 'nothing\n' >"$dump"
	refused '.*: ' "$dump"
	printf '00:01.0 x\n00: zz\n' >"$dump"
	refused '.*: there is text about functions in it, but none of their bytes; write' "$dump"
	: >"$dump"
	refused '.*: it is empty; write the dump with lspci -xxxx' "$dump"
	gzip -nc <"$build/tests/dumps/switch.dump" >"$dump"
	refused '.*: it is compressed by gzip; unpack it with zcat' "$dump"
	# A line that cannot be read is a warning: one line of its own, and no failure.
	printf '00:01.0 x\n00: 86 80 00 00 zz\n' >"$dump"
	"$tphctl" list --dump "$dump" 2>"$work/said"
	grep -qE '^tphctl: list: .*/dump: line 2: only 4 of 16 bytes can be read; ' "$work/said"
	# A dump from standard input
	"$tphctl" list --json --dump - <"$build/tests/dumps/switch.dump" >"$work/piped"
	"$tphctl" list --json --dump "$build/tests/dumps/switch.dump" | diff - "$work/piped"
	refused '.*: it is a folder; name a file' "$work"
	;;

# Each argument of export that is wrong is refused before anything is opened.
export-words)
	# refused PATTERN OPTION…
	refused() {
		local pattern=$1
		shift
		tphctl_says "export: $pattern" 125 \
			export 00:00.0 --bar 0 --offset 0 --length 4K "$@"
	}

	refused '--st is missing' --ph target -- true
	refused '--st 0x100: a tag of 8 bits is 0 to 0xff; --ext is for those of 16' \
		--st 0x100 --ph target -- true
	refused '--st 0x10000: a tag of 16 bits is 0 to 0xffff' \
		--st 0x10000 --ext --ph target -- true
	refused '--st -1: ' --st -1 --ph target -- true
	# Zeros in front do not make it octal.
	refused '--st 0377: a tag of 8 bits' --st 0377 --ph target -- true
	refused '--st 5a: ' --st 5a --ph target -- true
	refused '--ph hot: it is one of bidirectional requester target target-priority' \
		--st 1 --ph hot -- true
	refused '--bar 6: a BAR is 0 to 5' --bar 6 --st 1 --ph target -- true
	refused '--offset 4Q: ' --offset 4Q --st 1 --ph target -- true
	refused '--length 0: ' --length 0 --st 1 --ph target -- true
	refused '--length 99999999T: ' --length 99999999T --st 1 --ph target -- true
	refused 'it takes a NAME, and after -- the command' --st 1 --ph target
	;;

# Colours on a terminal, by script(1); none in a pipe, and none with NO_COLOR.
colours)
	list=("$tphctl" list --dump "$build/tests/dumps/switch.dump")
	export TERM=xterm
	script -qec "env -u NO_COLOR ${list[*]}" "$work/colours" >/dev/null
	grep -q $'\033' "$work/colours"
	script -qec "env NO_COLOR=1 ${list[*]}" "$work/none" >/dev/null
	absent $'\033' "$work/none"
	env -u NO_COLOR "${list[@]}" >"$work/pipe"
	absent $'\033' "$work/pipe"
	;;

# Output that cannot be written is an error, with a line.
full-disk)
	says '^tphctl: cannot write the output' 1 sh -c '"$1" bufs --json >/dev/full' - "$tphctl"
	;;

# Without root nothing is guessed: what cannot be seen is unknown, and a line says to run as root.
no-root)
	[ "$(id -u)" = 0 ] || skip "not root, so there are no privileges to drop"
	compgen -G '/sys/bus/pci/devices/*' >"$work/devices" || skip "no PCI functions here"
	# The user may not have access to the build folder: a copy, with the library beside it.
	scratch_make
	cp "$tphctl" "$build/libtph/libtph.so.0" "$scratch"
	chmod -R a+rX "$scratch"
	run=(setpriv --reuid 65534 --clear-groups env "LD_LIBRARY_PATH=$scratch" "$scratch/tphctl")
	says '^tphctl: list: functions not fully visible: [0-9]+ of [0-9]+; run as root' 0 \
		"${run[@]}" list
	says '^tphctl: bufs: processes that could not be read: [0-9]+; run as root' 0 \
		"${run[@]}" bufs
	"${run[@]}" list --json 2>/dev/null >"$work/list"
	jq -e 'any(.functions[]; .requester.seen == "not-visible")' "$work/list"
	;;

# Processes and buffers can have names that a terminal or a program would interpret:
# tables, JSON and error messages show a question mark for each control and for what is no UTF-8.
hostile-proc)
	[ "$(id -u)" = 0 ] || skip "not root"
	unshare -m true || skip "no mount namespaces here"
	if grep -q __asan_init "$tphctl"; then
		skip "the address sanitizer reads the real /proc"
	fi
	mkdir -p "$work/proc/5/fdinfo"
	printf 'evil\302\2331m\177\n' >"$work/proc/5/comm"
	{
		printf 'ino:\t9\nsize:\t4096\ncount:\t1\nexp_name:\tsystem\n'
		printf 'name:\t\342\200\256\033[31m\377\nino:\t1\n'
	} >"$work/proc/5/fdinfo/3"
	# Without /proc the loader does not find the library beside the program.
	LD_LIBRARY_PATH=$build/libtph unshare -m sh -ec \
		'mount --bind "$1" /proc; "$2" bufs; "$2" bufs --json' - "$work/proc" "$tphctl" \
		>"$work/said"
	grep 'evil?1m? 5, fd 3' "$work/said"
	grep -F '"name": "??[31m?"' "$work/said"
	tr -d '\n' <"$work/said" | sed 's/└─//g' >"$work/line"
	LC_ALL=C absent '[^ -~]' "$work/line"
	tphctl_says 'no such command: a\?b\?c; ' 2 $'a\033b\nc'
	;;

# Processes that end while bufs reads them are no error, and bufs prints nothing about them.
dead-process)
	while :; do /bin/true; done &
	trap 'kill %1; wait' EXIT
	for _ in {1..100}; do
		"$tphctl" bufs --json >"$work/bufs" 2>"$work/err"
		# Containers hide a process even from root.
		grep -v 'processes that could not be read' "$work/err" >"$work/said" || [ $? = 1 ]
		empty "$work/said"
		jq -e '.buffers | type == "array"' "$work/bufs" >/dev/null
	done
	;;
*) fail "no such check: $check" ;;
esac
