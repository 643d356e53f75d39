#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Theory of operation: lab/relay carries every byte that a guest or a device sends to this
# machine. On a terminal it must show control characters, so that a guest cannot drive the
# terminal. To a file or a pipe it must pass bytes as they are, end at its limit with one line,
# and write through no symbolic link and no FIFO that has no reader. No guest is needed.
. "$(dirname "$0")/../lib/check.sh"
need script bsdutils
relay=$build/lab/relay
bytes='red \033[31m C1 \xc2\x9b bidi \xe2\x80\xae broken \xff\xe2 tab\tend\r\n'

# shellcheck disable=SC2059
printf "$bytes" >"$work/bytes"
"$relay" --limit 100 bytes <"$work/bytes" >"$work/passed"
cmp "$work/bytes" "$work/passed"

# script(1) gives it a terminal.
script -qec "$relay --limit 100 bytes <'$work/bytes'" /dev/null </dev/null >"$work/shown"
printf 'red ^[[31m C1 <U+009B> bidi <U+202E> broken \\xff\\xe2 tab\tend\r\n' >"$work/expected"
cmp "$work/expected" "$work/shown"

says '^tphlab: zeros has more than 1000 bytes: the rest is left out$' 1 \
	bash -c "head -c 5000000 /dev/zero | '$relay' --to '$work/cut' --limit 1000 zeros"
[ "$(stat -c %s "$work/cut")" = 1000 ]

echo original >"$work/victim"
ln -s victim "$work/link"
says '^tphlab: cannot write text to .*: it is a symbolic link$' 1 \
	bash -c "echo x | '$relay' --to '$work/link' --limit 10 text"
[ "$(<"$work/victim")" = original ]

mkfifo "$work/fifo"
says '^tphlab: cannot write text to .*: No such device' 1 timeout 10 \
	bash -c "echo x | '$relay' --to '$work/fifo' --limit 10 text"

# A reader that goes away does not hold the sender.
timeout 20 bash -c "seq 1000000 | '$relay' --limit 100000000 numbers | head -n 1" >"$work/first"
[ "$(<"$work/first")" = 1 ]
