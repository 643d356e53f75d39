#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each function of the header is exported, with a version, and stands in the manual; nothing else is
# exported.
. "$(dirname "$0")/../lib/tphctl.sh"

grep -vE '^ ?\*|^/\*' include/tph/tph.h | grep -oE '\btph_[a-z0-9_]+\(' | tr -d '(' | sort -u \
	>"$work/api"
[ "$(wc -l <"$work/api")" -gt 40 ]
nm -D --defined-only "$build/libtph/libtph.so.0" | awk '$2 == "T" { print $3 }' |
	sed 's/@@LIBTPH_0$//' | sort >"$work/exported"
diff "$work/api" "$work/exported"
while read -r name; do
	grep -qE "\*$name(\(\))?\*" man/libtph.3.scd || echo "not in man/libtph.3.scd: $name"
done <"$work/api" >"$work/missing"
empty "$work/missing"
