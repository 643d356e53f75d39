#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every host test under clang's sanitizers for addresses and undefined behaviour, each with its
# result. TAP.
. "$(dirname "$0")/../lib/check.sh"

need clang clang
build_sanitized >&2
log=sanitizers-$$
status=0
meson test -C "$sanitized" --suite unit --suite golden --suite tphctl --no-suite boot \
	--logbase "$log" >&2 || status=$?
tests/lib/summary.py --tap "$sanitized/meson-logs/$log.json"
rm -f "$sanitized/meson-logs/$log".*
exit $status
